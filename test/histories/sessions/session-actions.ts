import { isBroken } from '../database-access.js';
import { readReceipt } from '../recorder.js';
import type { DeviceClient } from './device-client.js';
import { endOne, endOthers, logOut } from './ending-actions.js';
import { deedOf, type Holder, pickDevice, show, takeIn } from './presenting.js';
import { refresh, useDevice } from './refreshing.js';
import { loseRotation, readRows } from './session-rows.js';
import type { SessionUser } from './session-user.js';

/** What a client does with the devices of a user, of one or more operations. */
export type SessionAction = (client: DeviceClient, user: SessionUser) => Promise<unknown>;

const MOST_DEVICES = 4;
const MOST_THIEVES = 2;
/** How long the slow ones take: those who log in, or hold a transaction open. */
const SLOW_MS = 30;
/** Does something with a device, or logs in when there is none. */
function withDevice(act: (client: DeviceClient, parts: Holder) => Promise<unknown>): SessionAction {
  return async (client, user) => {
    const device = pickDevice(client, user.devices);
    if (device !== undefined) return act(client, { user, device });
    if (user.devices.length < MOST_DEVICES) return logIn(client, user);
    return readRows(client, user);
  };
}

const logIn: SessionAction = async (client, user) => {
  if (user.devices.length >= MOST_DEVICES) return;
  const { random } = client;
  const pauseMs = random.percent(20) ? random.whole(1, SLOW_MS) : 0;
  const json = { id: user.id, password: user.password, pauseMs };
  const question = { method: 'POST', path: '/history/session', json } as const;
  takeIn(user, await client.ask({ kind: 'start', user, question }));
};

/** A second process of the device gets its own session. */
const fork = withDevice(async (client, { user, device }) => {
  if (user.devices.length >= MOST_DEVICES) return;
  const { kept } = device;
  const session = deedOf(device, { refresh: kept.refresh });
  const json = { refresh_token: kept.refresh.text };
  const question = { method: 'POST', path: '/history/fork', json } as const;
  takeIn(user, await client.ask({ kind: 'fork', user, session, question }));
});

/** As a device does most of the time. */
const use = withDevice(useDevice);

const refreshTabs = withDevice((client, { user, device }) =>
  Promise.all(
    Array.from({ length: client.random.whole(2, 5) }, () => refresh(client, { user, device })),
  ),
);

/** Copies the storage, or a backup of it. */
const steal = withDevice(async (client, { user, device }) => {
  if (user.thieves.length >= MOST_THIEVES) return;
  const { recorder } = client.world;
  const { random } = client;
  const isOld = device.replaced.length > 0 && random.percent(20);
  const stolen = isOld ? random.pick(device.replaced) : device.kept.refresh;
  const { sessionId } = device;
  const theft = { kind: 'theft', user, client: client.number, session: { sessionId } } as const;
  await recorder.perform(theft, async () => ({ outcome: 'done' }));
  user.thieves = [...user.thieves, device.copy(stolen)];
});

/** A thief uses what is stolen, independently of the owner. */
const actAsThief: SessionAction = async (client, user) => {
  const device = pickDevice(client, user.thieves);
  if (device === undefined) return use(client, user);
  if (client.random.percent(70)) return useDevice(client, { user, device });
  return refresh(client, { user, device });
};

/** Shows again what was refused, or logged out. */
const replay: SessionAction = async (client, user) => {
  if (user.former.length === 0) return use(client, user);
  const { random } = client;
  const device = random.pick(user.former);
  if (random.percent(50)) return show(client, user, device);
  const all = [...device.replaced, device.kept.refresh];
  return refresh(client, { user, device: device.copy(random.pick(all)) });
};

const logOutEverywhere = withDevice(async (client, { user, device }) => {
  const { access } = device.kept;
  const keepThisDevice = client.random.percent(60);
  const operation = await client.ask({
    kind: 'logout-everywhere',
    user,
    ...(keepThisDevice && { via: 'keepThisDevice' }),
    session: deedOf(device, { access }),
    question: {
      method: 'POST',
      path: '/auth/logout-everywhere',
      token: access.text,
      json: { keepThisDevice },
    },
  });
  if (operation.outcome === 'refused') return;
  user.leave(device);
  takeIn(user, operation);
});

const invalidate: SessionAction = (client, user) => {
  const question = { method: 'POST', path: `/history/${user.id}/logout` } as const;
  return client.ask({ kind: 'invalidate', user, question, read: readReceipt });
};

const changePassword: SessionAction = async (client, user) => {
  if (user.isChangingPassword) return;
  user.isChangingPassword = true;
  const { database, recorder } = client.world;
  const next = `password ${user.operations.length}`;
  const change = { kind: 'change-password', user, client: client.number, password: next } as const;
  await recorder.perform(change, async () => {
    try {
      const openMs = client.random.whole(0, SLOW_MS);
      return { outcome: 'done', ...(await database.changePassword({ id: user.id, next, openMs })) };
    } catch (error) {
      if (isBroken(error)) return { outcome: 'unknown' };
      throw error;
    }
  });
  user.password = next;
  user.isChangingPassword = false;
};

/** Everything a client may do, and how often. */
export const SESSION_ACTIONS: readonly (readonly [action: SessionAction, weight: number])[] = [
  [use, 120],
  [withDevice(refresh), 65],
  [refreshTabs, 6],
  [logIn, 12],
  [fork, 2],
  [steal, 2],
  [actAsThief, 20],
  [replay, 12],
  [withDevice(logOut), 2],
  [withDevice(endOne), 4],
  [withDevice(endOthers), 1],
  [logOutEverywhere, 1],
  [invalidate, 1],
  [changePassword, 1],
  [readRows, 8],
  [withDevice(loseRotation), 2],
];

import { setTimeout } from 'node:timers/promises';
import { isBroken } from '../database-access.js';
import { monotonicMs } from '../monotonic.js';
import type { Operation } from '../operation.js';
import { readReceipt } from '../recorder.js';
import { Device } from './device.js';
import type { DeviceClient, SessionErrand } from './device-client.js';
import { endOne, endOthers, logOut } from './ending-actions.js';
import { loseRotation, readRows } from './session-rows.js';
import { GRACE } from './session-times.js';
import type { SessionAccess, SessionRefresh } from './session-operation.js';
import type { SessionUser } from './session-user.js';
import { msOf } from './time-lapse.js';

/** What a client does with the devices of a user, of one or more operations. */
export type SessionAction = (client: DeviceClient, user: SessionUser) => Promise<unknown>;

const MOST_DEVICES = 4;
const MOST_THIEVES = 2;
/** How long the slow ones take: those who log in, or hold a transaction open. */
const SLOW_MS = 30;
/** How long a request may be under way before it is sent, and an answer before it is stored. */
const SENT_LATE_MS = msOf(25);
const STORED_LATE_MS = msOf(15);
/** After a crash, or when an answer was lost, a device may come back later than this grace. */
const ASLEEP_MS = msOf(3 * GRACE);

/** One of the user's devices that is awake. */
export function pickDevice({ random }: DeviceClient, devices: Device[]): Device | undefined {
  const now = monotonicMs();
  const awake = devices.filter(({ asleepUntil }) => asleepUntil <= now);
  return awake.length === 0 ? undefined : random.pick(awake);
}

/** Does something with a device, or logs in when there is none. */
function withDevice(
  act: (client: DeviceClient, parts: { user: SessionUser; device: Device }) => Promise<unknown>,
): SessionAction {
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

/** The answer begins a device. */
export function takeIn(user: SessionUser, { answer, invokedAt }: Operation): void {
  const { access, refresh } = answer ?? {};
  if (access === undefined || refresh === undefined) return;
  user.devices = [...user.devices, new Device({ refresh, access, givenAt: invokedAt }, true)];
}

/** A second process of the device gets its own session. */
const fork = withDevice(async (client, { user, device }) => {
  if (user.devices.length >= MOST_DEVICES) return;
  const { refresh } = device.kept;
  const session = deedOf(device, { refresh });
  const json = { refresh_token: refresh.text };
  const question = { method: 'POST', path: '/history/fork', json } as const;
  takeIn(user, await client.ask({ kind: 'fork', user, session, question }));
});

/** Uses the access token, as a device does most of the time. One that is refused asks for another. */
const use = withDevice(useDevice);

async function useDevice(
  client: DeviceClient,
  { user, device }: { user: SessionUser; device: Device },
): Promise<void> {
  const shown = await show(client, user, device);
  if (shown.outcome === 'refused') await refresh(client, { user, device });
}

export async function show(
  client: DeviceClient,
  user: SessionUser,
  device: Device,
): Promise<Operation> {
  const { access } = device.kept;
  device.underWay += 1;
  try {
    return await client.ask(request(user, deedOf(device, { access })));
  } finally {
    device.underWay -= 1;
  }
}

function request(
  user: SessionUser,
  session: NonNullable<SessionErrand['session']> & { access: SessionAccess },
): SessionErrand {
  const question = { method: 'GET', path: '/protected', token: session.access.text } as const;
  return { kind: 'request', user, session, question };
}

/** What a device presents. */
export function deedOf<Parts extends { access?: SessionAccess; refresh?: SessionRefresh }>(
  { sessionId, isOwner }: Device,
  parts: Parts,
) {
  return { sessionId, byOwner: isOwner, readAt: monotonicMs(), ...parts };
}

/** Sends the refresh token that is in the storage, maybe late; the answer may be lost, or be stored late. */
async function refresh(
  client: DeviceClient,
  { user, device }: { user: SessionUser; device: Device },
): Promise<void> {
  const { random } = client;
  const isRetry = device.asleepUntil > 0;
  const sent = device.attempt();
  const session = deedOf(device, { refresh: sent });
  let isRotated = false;
  try {
    if (random.percent(8)) await setTimeout(random.whole(0, SENT_LATE_MS));
    const json = { refresh_token: sent.text };
    const question = { method: 'POST', path: '/auth/refresh', json } as const;
    const operation = await client.ask({ kind: 'refresh', user, session, question });
    if (operation.outcome === 'refused') user.leave(device);
    if (operation.outcome === 'unknown' || random.percent(15)) fallAsleep(client, device);
    else await storeAnswer(client, { device, sent, operation });
    isRotated = device.kept.refresh.generation > sent.generation;
  } finally {
    device.underWay -= 1;
  }
  if (isRotated && random.percent(isRetry ? 40 : 12)) await crash(client, { user, device });
}

async function storeAnswer(
  { random }: DeviceClient,
  { device, sent, operation }: { device: Device; sent: SessionRefresh; operation: Operation },
): Promise<void> {
  if (random.percent(8)) await setTimeout(random.whole(0, STORED_LATE_MS));
  device.store(sent, operation.answer!, operation.invokedAt);
}

/** The answer was lost: it tries again at once, or much later. */
function fallAsleep({ random }: DeviceClient, device: Device): void {
  if (random.percent(60)) device.asleepUntil = monotonicMs() + random.whole(0, ASLEEP_MS);
}

const refreshTabs = withDevice((client, { user, device }) =>
  Promise.all(
    Array.from({ length: client.random.whole(2, 5) }, () => refresh(client, { user, device })),
  ),
);

/** The new tokens are used, and then lost again. */
async function crash(
  client: DeviceClient,
  { user, device }: { user: SessionUser; device: Device },
): Promise<void> {
  await show(client, user, device);
  if (device.crash(monotonicMs())) {
    device.asleepUntil = monotonicMs() + client.random.whole(0, ASLEEP_MS);
  }
}

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

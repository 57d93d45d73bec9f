import type { DeviceClient } from './device-client.js';
import { endMeanwhile, endOldest, endOne, endOthers, logOut } from './ending-actions.js';
import {
  changePassword,
  deleteUser,
  disable,
  invalidate,
  invalidateMeanwhile,
  logOutEverywhere,
} from './invalidating.js';
import { crowd, fork, logIn, MOST_DEVICES } from './logging-in.js';
import { type Holder, pickDevice, type SessionAction, show } from './presenting.js';
import type { RareEvent } from './rare-events.js';
import { refresh, useDevice } from './refreshing.js';
import { loseRotation, readRows } from './session-rows.js';
import { actAsThief, comeLate, steal } from './stealing.js';

/** Does something with a device, or logs in when there is none. */
function withDevice(act: (client: DeviceClient, parts: Holder) => Promise<unknown>): SessionAction {
  return async (client, user) => {
    const device = pickDevice(client, user.devices);
    if (device !== undefined) return act(client, { user, device });
    if (user.devices.length < MOST_DEVICES) return logIn(client, user);
    return readRows(client, user);
  };
}

/** As a device does most of the time. */
const use = withDevice(useDevice);

const refreshTabs = withDevice((client, { user, device }) =>
  Promise.all(
    Array.from({ length: client.random.whole(2, 5) }, () => refresh(client, { user, device })),
  ),
);

/** Shows again what was refused, or logged out: often the oldest refresh token of the device that had the most. */
const replay: SessionAction = async (client, user) => {
  const [oldest] = user.former.toSorted(
    (one, other) => other.replaced.length - one.replaced.length,
  );
  if (oldest === undefined) return use(client, user);
  const { random } = client;
  const device = random.percent(50) ? oldest : random.pick(user.former);
  if (random.percent(50)) return show(client, user, device);
  const all = [...device.replaced, device.kept.refresh];
  const token = random.percent(50) ? all[0]! : random.pick(all);
  return refresh(client, { user, device: device.copy(token) });
};

type Weighted = readonly (readonly [action: SessionAction, weight: number])[];

/** What a client does most of the time, and how often. */
const USUAL: Weighted = [
  [use, 100],
  [withDevice(refresh), 65],
  [refreshTabs, 6],
  [logIn, 20],
  [withDevice(fork), 2],
  [actAsThief, 20],
  [replay, 16],
  [readRows, 6],
];

const RARE: Readonly<Record<RareEvent, Weighted>> = {
  theft: [[withDevice(steal), 1]],
  'late-thief': [[comeLate, 1]],
  ending: [
    [withDevice(logOut), 2],
    [withDevice(endOne), 3],
    [withDevice(endOthers), 1],
    [endMeanwhile, 7],
    [endOldest, 6],
  ],
  pause: [[disable, 1]],
  crowd: [[crowd, 1]],
  invalidation: [
    [withDevice(logOutEverywhere), 1],
    [invalidate, 1],
    [changePassword, 1],
    [invalidateMeanwhile, 3],
  ],
  'lost-rotation': [[withDevice(loseRotation), 1]],
  deletion: [[deleteUser, 1]],
};

/** Whatever it is time for; otherwise something that is usual. */
export const act: SessionAction = async (client, user) => {
  const event = user.rare.next();
  const action = client.random.weighted(event === undefined ? USUAL : RARE[event]);
  await action(client, user);
};

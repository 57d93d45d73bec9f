import { setTimeout } from 'node:timers/promises';
import { monotonicMs } from '../monotonic.js';
import type { DeviceClient } from './device-client.js';
import type { Device } from './device.js';
import { type Holder, pickDevice, type SessionAction } from './presenting.js';
import { refresh, useDevice } from './refreshing.js';
import { MARGIN_MS } from './session-over.js';
import { GRACE, SIGHT } from './session-times.js';
import { msOf } from './time-lapse.js';

const MOST_THIEVES = 2;
/** One who follows the owner's every step is found by no rotation. */
const IDLE_MS = msOf(8 * GRACE);
/** From the last time that a token was given out until its use counts, and from there until the token before is late. */
const KEPT_MS = msOf(SIGHT) + 2 * MARGIN_MS;
const LATE_MS = msOf(GRACE) + 2 * MARGIN_MS;

/** Copies the storage, or a backup of it. */
export async function steal(client: DeviceClient, { user, device }: Holder): Promise<void> {
  if (user.thieves.length >= MOST_THIEVES) return;
  const { random } = client;
  const isOld = device.replaced.length > 0 && random.percent(20);
  const stolen = isOld ? random.pick(device.replaced) : device.kept.refresh;
  await noteTheft(client, { user, device });
  const thief = device.copy(stolen);
  layLow(client, thief);
  user.thieves = [...user.thieves, thief];
}

/** A thief has the token before the current one, and comes when the owner has kept that for just longer than the grace. */
export const comeLate: SessionAction = async (client, user) => {
  const rotated = user.devices.filter(({ replaced }) => replaced.length > 0);
  const device = pickDevice(client, rotated);
  if (device === undefined) return;
  // Nothing of the session is given out meanwhile.
  device.asleepUntil = monotonicMs() + 2 * (KEPT_MS + LATE_MS);
  await noteTheft(client, { user, device });
  await setTimeout(KEPT_MS);
  await refresh(client, { user, device });
  const stolen = device.copy(device.replaced.at(-1)!);
  await setTimeout(LATE_MS);
  await refresh(client, { user, device: stolen });
  device.asleepUntil = monotonicMs();
};

async function noteTheft(client: DeviceClient, { user, device }: Holder): Promise<void> {
  const { sessionId } = device;
  const theft = { kind: 'theft', user, client: client.number, session: { sessionId } } as const;
  await client.world.recorder.perform(theft, async () => ({ outcome: 'done' }));
}

/** A thief uses what is stolen, independently of the owner. */
export const actAsThief: SessionAction = async (client, user) => {
  const device = pickDevice(client, user.thieves);
  if (device === undefined) return;
  const act = client.random.percent(30) ? useDevice : refresh;
  await act(client, { user, device });
  layLow(client, device);
};

function layLow({ random }: DeviceClient, thief: Device): void {
  if (random.percent(80)) thief.asleepUntil = monotonicMs() + random.whole(0, IDLE_MS);
}

import { monotonicMs } from '../monotonic.js';
import type { DeviceClient } from './device-client.js';
import type { Device } from './device.js';
import { type Holder, pickDevice, type SessionAction } from './presenting.js';
import { refresh, useDevice } from './refreshing.js';
import { GRACE } from './session-times.js';
import { msOf } from './time-lapse.js';

const MOST_THIEVES = 2;
/** One who follows the owner's every step is found by no rotation. */
const IDLE_MS = msOf(8 * GRACE);

/** Copies the storage, or a backup of it. */
export async function steal(client: DeviceClient, { user, device }: Holder): Promise<void> {
  if (user.thieves.length >= MOST_THIEVES) return;
  const { random, world } = client;
  const isOld = device.replaced.length > 0 && random.percent(20);
  const stolen = isOld ? random.pick(device.replaced) : device.kept.refresh;
  const { sessionId } = device;
  const theft = { kind: 'theft', user, client: client.number, session: { sessionId } } as const;
  await world.recorder.perform(theft, async () => ({ outcome: 'done' }));
  const thief = device.copy(stolen);
  layLow(client, thief);
  user.thieves = [...user.thieves, thief];
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

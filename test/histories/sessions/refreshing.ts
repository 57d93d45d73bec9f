import { setTimeout } from 'node:timers/promises';
import { monotonicMs } from '../monotonic.js';
import type { Operation } from '../operation.js';
import type { Random } from '../random.js';
import type { Attempt, Device } from './device.js';
import type { DeviceClient } from './device-client.js';
import { deedOf, type Holder, show } from './presenting.js';
import { GRACE, SIGHT } from './session-times.js';
import { msOf } from './time-lapse.js';

/** How long a request may be under way before it is sent, and an answer before it is stored. */
const SENT_LATE_MS = msOf(25);
const STORED_LATE_MS = msOf(15);
const UNDER_WAY_MS = 20;
/** When an answer was lost, or after a crash, a device comes back at any time, and often when that may just be too late. */
const ASLEEP_MS = msOf(6 * GRACE);
const AFTER_LOSS_MS = [msOf(SIGHT), msOf(2 * SIGHT)] as const;
/** What it used before the crash is written by then, and the grace over. */
const AFTER_CRASH_MS = [msOf(2 * GRACE), msOf(3 * GRACE)] as const;

/** Uses the access token. One that is refused asks for another. */
export async function useDevice(client: DeviceClient, { user, device }: Holder): Promise<void> {
  const shown = await show(client, user, device);
  if (shown.outcome === 'refused') await refresh(client, { user, device });
}

/** Sends the refresh token that is in the storage, maybe late; the answer may be lost, or be stored late. */
export async function refresh(client: DeviceClient, { user, device }: Holder): Promise<void> {
  const { random } = client;
  const isRetry = device.asleepUntil > 0;
  const attempt = device.attempt();
  const { refresh: sent } = attempt;
  const session = deedOf(device, { refresh: sent });
  let [isRotated, hasLeft] = [false, false];
  try {
    if (random.percent(8)) await setTimeout(random.whole(0, SENT_LATE_MS));
    const json = { refresh_token: sent.text };
    const question = { method: 'POST', path: '/auth/refresh', json } as const;
    const operation = await client.ask({ kind: 'refresh', user, session, question });
    // One who is disabled for a moment keeps the session.
    if (operation.outcome === 'refused' && operation.reason !== 'user_inactive') {
      hasLeft = user.leave(device);
    }
    if (isLost(client, operation)) fallAsleep(client, device);
    else await storeAnswer(client, { device, attempt, operation });
    isRotated = device.kept.refresh.generation > sent.generation;
  } finally {
    device.underWay -= 1;
  }
  // Where the session is over, so are its access tokens, also for a node whose clock is behind.
  if (hasLeft) await show(client, user, device);
  if (isRotated && random.percent(isRetry ? 80 : 20)) await crash(client, { user, device });
}

/** An answer without a refresh token is no loss, and there are more of them the faster the clients are. */
function isLost({ random }: DeviceClient, { outcome, answer }: Operation): boolean {
  return outcome === 'unknown' || (answer?.refresh !== undefined && random.percent(30));
}

async function storeAnswer(
  { random }: DeviceClient,
  { device, attempt, operation }: { device: Device; attempt: Attempt; operation: Operation },
): Promise<void> {
  if (random.percent(8)) await setTimeout(random.whole(0, STORED_LATE_MS));
  device.store(attempt, operation.answer!, operation.invokedAt);
}

/** Some time within which a refresh that was just sent is under way at the server. */
export async function untilUnderWay({ random }: DeviceClient): Promise<void> {
  await setTimeout(random.whole(0, UNDER_WAY_MS));
}

/** The answer was lost: it tries again at once, or much later. */
function fallAsleep({ random }: DeviceClient, device: Device): void {
  if (random.percent(60)) sleep(random, device, AFTER_LOSS_MS);
}

function sleep(random: Random, device: Device, often: readonly [number, number]): void {
  const range = random.percent(60) ? often : ([0, ASLEEP_MS] as const);
  device.asleepUntil = monotonicMs() + random.whole(...range);
}

/** The new tokens are used, and then lost again. */
async function crash(client: DeviceClient, { user, device }: Holder): Promise<void> {
  await show(client, user, device);
  if (device.crash(monotonicMs())) sleep(client.random, device, AFTER_CRASH_MS);
}

import { setTimeout } from 'node:timers/promises';
import { isBroken } from '../database-access.js';
import { readReceipt } from '../recorder.js';
import type { DeviceClient } from './device-client.js';
import { deedOf, type Holder, pickDevice, type SessionAction, show, takeIn } from './presenting.js';
import { refresh, untilUnderWay } from './refreshing.js';
import type { SessionUser } from './session-user.js';

/** How long a transaction is held open, or a user is disabled. */
const SLOW_MS = 30;
const DISABLED_MS = 400;

export async function logOutEverywhere(
  client: DeviceClient,
  { user, device }: Holder,
): Promise<void> {
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
}

export const invalidate: SessionAction = (client, user) => {
  const question = { method: 'POST', path: `/history/${user.id}/logout` } as const;
  return client.ask({ kind: 'invalidate', user, question, read: readReceipt });
};

/** All devices refresh while that happens. */
export const invalidateMeanwhile: SessionAction = async (client, user) => {
  const refreshing = user.devices.map((device) => refresh(client, { user, device }));
  await untilUnderWay(client);
  await Promise.all([invalidate(client, user), ...refreshing]);
  const device = pickDevice(client, user.devices);
  if (device !== undefined) await show(client, user, device);
};

export const changePassword: SessionAction = (client, user) =>
  alone(user, async () => {
    const { database, recorder } = client.world;
    const next = `password ${user.operations.length}`;
    const invocation = { kind: 'change-password', user, client: client.number } as const;
    await recorder.perform({ ...invocation, password: next }, async () => {
      try {
        const openMs = client.random.whole(0, SLOW_MS);
        return {
          outcome: 'done',
          ...(await database.changePassword({ id: user.id, next, openMs })),
        };
      } catch (error) {
        if (isBroken(error)) return { outcome: 'unknown' };
        throw error;
      }
    });
    user.password = next;
  });

/** Disables the user for a moment. The sessions stay, and work again afterwards. */
export const disable: SessionAction = (client, user) =>
  alone(user, async () => {
    await setActive(client, user, false);
    await setTimeout(client.random.whole(0, DISABLED_MS));
    await setActive(client, user, true);
  });

function setActive(client: DeviceClient, user: SessionUser, active: boolean): Promise<unknown> {
  const path = `/history/${user.id}/activation`;
  const question = { method: 'POST', path, json: { active } } as const;
  return client.ask({ kind: 'activation', user, active, question });
}

/** Nobody writes the user's row afterwards. */
export const deleteUser: SessionAction = async (client, user) => {
  if (user.isBeingWritten) return;
  user.isBeingWritten = true;
  user.isDeleted = true;
  const { database, recorder } = client.world;
  const invocation = { kind: 'delete-user', user, client: client.number } as const;
  await recorder.perform(invocation, async () => {
    await database.query('DELETE FROM users WHERE id = $1', [user.id]);
    return { outcome: 'done' };
  });
};

async function alone(user: SessionUser, write: () => Promise<void>): Promise<void> {
  if (user.isBeingWritten) return;
  user.isBeingWritten = true;
  await write();
  user.isBeingWritten = false;
}

import type { Operation } from '../operation.js';
import type { Device } from './device.js';
import type { DeviceClient } from './device-client.js';
import { deedOf, type Holder, pickDevice, type SessionAction, show } from './presenting.js';
import { refresh, untilUnderWay } from './refreshing.js';

/** By the refresh token, or by the access token. What is over is shown at once. */
export async function logOut(client: DeviceClient, { user, device }: Holder): Promise<void> {
  const { access, refresh: kept } = device.kept;
  const byRefresh = client.random.percent(60);
  const { outcome } = await client.ask({
    kind: 'end-session',
    user,
    session: {
      ...deedOf(device, byRefresh ? { refresh: kept } : { access }),
      target: device.sessionId,
    },
    question: {
      method: 'POST',
      path: '/auth/logout',
      ...(byRefresh ? { json: { refresh_token: kept.text } } : { token: access.text, json: {} }),
    },
  });
  if (outcome === 'done') user.leave(device);
  await show(client, user, device);
}

/** One device ends another one of the same user; or tries to end that of somebody else. */
export async function endOne(client: DeviceClient, { user, device }: Holder): Promise<void> {
  const { random } = client;
  if (random.percent(50)) {
    await client.world.users.lend(random, async (other) => {
      const target = pickDevice(client, other.devices);
      if (target !== undefined && other !== user) await end(client, { user, device }, target);
      // Nothing may have happened to it.
      if (target !== undefined && other !== user) await show(client, other, target);
    });
    return;
  }
  const target = pickDevice(client, user.devices);
  if (target === undefined) return;
  const { outcome } = await end(client, { user, device }, target);
  if (outcome === 'done') user.leave(target);
  await show(client, user, target);
}

function end(
  client: DeviceClient,
  { user, device }: Holder,
  { sessionId: target }: Device,
): Promise<Operation> {
  const { access } = device.kept;
  return client.ask({
    kind: 'end-session',
    user,
    session: { ...deedOf(device, { access }), target },
    question: { method: 'DELETE', path: `/auth/sessions/${target}`, token: access.text },
  });
}

export async function endOthers(client: DeviceClient, { user, device }: Holder): Promise<void> {
  const { access } = device.kept;
  const others = user.devices.filter((each) => each !== device);
  const { outcome } = await client.ask({
    kind: 'end-others',
    user,
    session: deedOf(device, { access }),
    question: { method: 'POST', path: '/auth/logout-others', token: access.text },
  });
  if (outcome === 'done') for (const other of others) user.leave(other);
}

/** Ends the device whose refresh token is the oldest, and so the next to be replaced, while that is refreshed. */
export const endMeanwhile: SessionAction = async (client, user) => {
  const [device] = user.devices.toSorted((one, other) => one.kept.givenAt - other.kept.givenAt);
  if (device === undefined) return;
  const { kept } = device;
  const refreshing = refresh(client, { user, device });
  await untilUnderWay(client);
  const target = device.sessionId;
  const { outcome } = await client.ask({
    kind: 'end-session',
    user,
    session: { ...deedOf(device, { refresh: kept.refresh }), target },
    question: { method: 'POST', path: '/auth/logout', json: { refresh_token: kept.refresh.text } },
  });
  await refreshing;
  if (outcome === 'done') user.leave(device);
  await show(client, user, device);
};

/** Logs out the device that had the most refresh tokens, and shows the oldest of them. */
export const endOldest: SessionAction = async (client, user) => {
  const [device] = user.devices.toSorted(
    (one, other) => other.replaced.length - one.replaced.length,
  );
  if (device === undefined) return;
  await logOut(client, { user, device });
  const [first] = device.replaced;
  if (first !== undefined) await refresh(client, { user, device: device.copy(first) });
};

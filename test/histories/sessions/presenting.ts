import { monotonicMs } from '../monotonic.js';
import type { Operation } from '../operation.js';
import { Device } from './device.js';
import type { DeviceClient, SessionErrand } from './device-client.js';
import type { SessionAccess, SessionRefresh } from './session-operation.js';
import type { SessionUser } from './session-user.js';

/** A device of a user. */
export interface Holder {
  readonly user: SessionUser;
  readonly device: Device;
}

/** One of the user's devices that is awake. */
export function pickDevice({ random }: DeviceClient, devices: Device[]): Device | undefined {
  const now = monotonicMs();
  const awake = devices.filter(({ asleepUntil }) => asleepUntil <= now);
  return awake.length === 0 ? undefined : random.pick(awake);
}

/** What a client does with the devices of a user, of one or more operations. */
export type SessionAction = (client: DeviceClient, user: SessionUser) => Promise<unknown>;

/** The answer begins a device. */
export function takeIn(user: SessionUser, { answer, invokedAt }: Operation): void {
  const { access, refresh } = answer ?? {};
  if (access === undefined || refresh === undefined) return;
  user.devices = [...user.devices, new Device({ refresh, access, givenAt: invokedAt }, true)];
}

/** Shows the access token. */
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

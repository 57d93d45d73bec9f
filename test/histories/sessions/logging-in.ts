import { deedOf, type Holder, type SessionAction, show, takeIn } from './presenting.js';
import type { DeviceClient } from './device-client.js';
import { MOST_SESSIONS } from './session-times.js';

/** Devices of one user, unless there is a crowd. */
export const MOST_DEVICES = MOST_SESSIONS - 2;
/** How long some take from the password check to the session. */
const SLOW_MS = 30;

export const logIn: SessionAction = async (client, user) => {
  if (user.devices.length < MOST_DEVICES && !user.isDeleted) await start(client, user);
};

/** While everyone is being logged out: a login of that moment is the one that may be overlooked. */
export const logInMeanwhile: SessionAction = async (client, user) => {
  if (user.devices.length < MOST_SESSIONS && !user.isDeleted) await start(client, user);
};

const start: SessionAction = async (client, user) => {
  const { random } = client;
  const pauseMs = random.percent(20) ? random.whole(1, SLOW_MS) : 0;
  const json = { id: user.id, password: user.password, pauseMs };
  const question = { method: 'POST', path: '/history/session', json } as const;
  takeIn(user, await client.ask({ kind: 'start', user, question }));
};

/** Logs in until there are more devices than are allowed, one after the other or two at once. */
export const crowd: SessionAction = async (client, user) => {
  if (user.isDeleted) return;
  const [first] = user.devices;
  for (let times = 0; times <= MOST_SESSIONS && user.devices.length <= MOST_SESSIONS; times += 1) {
    const together = client.random.percent(20) ? 2 : 1;
    await Promise.all(Array.from({ length: together }, () => start(client, user)));
  }
  if (first !== undefined) await show(client, user, first);
};

/** A second process of the device gets its own session. */
export async function fork(client: DeviceClient, { user, device }: Holder): Promise<void> {
  if (user.devices.length >= MOST_DEVICES) return;
  const { refresh } = device.kept;
  const session = deedOf(device, { refresh });
  const json = { refresh_token: refresh.text };
  const question = { method: 'POST', path: '/history/fork', json } as const;
  takeIn(user, await client.ask({ kind: 'fork', user, session, question }));
}

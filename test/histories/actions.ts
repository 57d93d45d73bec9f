import type { Client, Errand } from './client.js';
import type { HeldToken, HistoryUser } from './history-user.js';
import { isBroken } from './database-access.js';
import { monotonicMs } from './monotonic.js';
import type { Operation } from './operation.js';
import { readReceipt } from './recorder.js';

/** What a client does to a user, of one or more operations. */
type Action = (client: Client, user: HistoryUser) => Promise<unknown>;

/** How long the slow ones take: those who log in, write back what they loaded, or hold a transaction open. */
const SLOW_MS = 30;
const PASSWORD_WRITERS = ['service', 'save', 'update', 'transaction', 'sql'] as const;

/** Shows a token: mostly the newest, often one that is dead. */
const request: Action = async (client, user) => {
  const [newest] = user.tokens;
  const held = client.random.percent(70) ? newest : pickToken(client, user);
  // One that is refused is shown again, in case it comes back to life.
  if (held === undefined || (held.refused && client.random.percent(50))) {
    return login(client, user);
  }
  return show(client, user, held);
};

function pickToken({ random }: Client, { tokens }: HistoryUser): HeldToken | undefined {
  return tokens.length === 0 ? undefined : random.pick(tokens);
}

function show(client: Client, user: HistoryUser, held: HeldToken): Promise<Operation | undefined> {
  return canShow(client, held)
    ? client.ask({ kind: 'request', user, held, question: { method: 'GET', path: '/protected' } })
    : Promise.resolve(undefined);
}

/** A token from before the library is for the servers that still take it. */
function canShow({ world }: Client, { known }: HeldToken): boolean {
  return known.ver !== undefined || world.servers.some(({ life, legacy }) => life && legacy);
}

const login: Action = async (client, user) => {
  const { password } = user;
  const pauseMs = client.random.percent(20) ? client.random.whole(1, SLOW_MS) : 0;
  const json = { id: user.id, password, pauseMs };
  await client.ask({
    kind: 'login',
    user,
    password,
    question: { method: 'POST', path: '/history/login', json },
    read: ({ token, checkedAt }, { begun, server }) => ({
      issued: client.keep(user, token as string, {
        requestedAt: begun.invokedAt,
        checkedAt: checkedAt as number,
        clockOffsetSeconds: server.clockOffsetSeconds,
      }),
    }),
  });
  const [newest] = user.tokens;
  if (newest !== undefined) await show(client, user, newest);
};

/** The endpoint of the library, for who holds a token. */
const logoutEverywhere: Action = async (client, user) => {
  const [held] = user.tokens;
  if (held === undefined || !canShow(client, held)) return login(client, user);
  const keepThisDevice = client.random.percent(50);
  const json = { keepThisDevice };
  await client.ask({
    kind: 'logout-everywhere',
    user,
    held,
    question: { method: 'POST', path: '/auth/logout-everywhere', json },
    ...(keepThisDevice && { read: keepSurvivor(client, user, held) }),
  });
  return show(client, user, held);
};

function keepSurvivor(client: Client, user: HistoryUser, held: HeldToken): Errand['read'] {
  return (body, { begun, server }) => ({
    issued: client.keep(user, body['access_token'] as string, {
      requestedAt: begun.invokedAt,
      // No password was checked: by now it has been made.
      checkedAt: monotonicMs(),
      survivorOf: begun.id,
      // It is no older than the token that asked, which another clock may have made.
      clockOffsetSeconds: Math.max(held.known.clockOffsetSeconds, server.clockOffsetSeconds),
    }),
  });
}

/** An invalidation by the service, and then the token that must be dead. */
function invalidation(kind: 'logout' | 'invalidate' | 'password-changed'): Action {
  return async (client, user) => {
    const [held] = user.tokens;
    const question = { method: 'POST', path: `/history/${user.id}/${kind}` } as const;
    await client.ask({ kind, user, question, read: readReceipt });
    if (held !== undefined) await show(client, user, held);
  };
}

const changePassword: Action = async (client, user) => {
  const [held] = user.tokens;
  const alone = await user.alone('password', async () => {
    const next = user.nextPassword();
    const operation = await writePassword(client, user, next);
    if (operation.outcome !== 'refused') user.password = next;
  });
  if (alone && held !== undefined) await show(client, user, held);
};

function writePassword(client: Client, user: HistoryUser, next: string): Promise<Operation> {
  const via = client.random.pick(PASSWORD_WRITERS);
  const openMs = client.random.whole(0, SLOW_MS);
  const change = { kind: 'change-password', user, via, password: next } as const;
  if (via === 'sql') return writeBySql(client, change, openMs);
  const json = { current: user.password, next, via, openMs };
  return client.ask({
    ...change,
    question: { method: 'POST', path: `/history/${user.id}/change-password`, json },
    ...((via === 'service' || via === 'transaction') && { read: readReceipt }),
  });
}

function writeBySql(
  client: Client,
  change: { kind: 'change-password'; user: HistoryUser; password: string; via: string },
  openMs: number,
): Promise<Operation> {
  const { database, recorder } = client.world;
  return recorder.perform({ ...change, client: client.number }, async () => {
    const parts = { id: change.user.id, next: change.password, openMs };
    try {
      return { outcome: 'done', ...(await database.changePassword(parts)) };
    } catch (error) {
      if (isBroken(error)) return { outcome: 'unknown' };
      throw error;
    }
  });
}

const rehash: Action = (client, user) => {
  const json = { password: user.password };
  const question = { method: 'POST', path: `/history/${user.id}/rehash`, json } as const;
  return client.ask({ kind: 'rehash', user, question });
};

/** Writes back all columns that a save writes, the activity among them: nobody else may change that meanwhile. */
const staleSave: Action = (client, user) =>
  user.alone('activity', async () => {
    const json = { ageMs: client.random.whole(0, SLOW_MS) };
    const question = { method: 'POST', path: `/history/${user.id}/stale-save`, json } as const;
    await client.ask({ kind: 'stale-save', user, active: user.active, question });
  });

const staleWrite: Action = async (client, user) => {
  const old = user.remembered;
  if (old === undefined) return observe(client, user);
  const { database, recorder } = client.world;
  return recorder.perform({ kind: 'stale-write', user, client: client.number }, async () => {
    await database.writeBack(user.id, old);
    return { outcome: 'done' };
  });
};

const observe: Action = async (client, user) => {
  const { database, recorder } = client.world;
  const invocation = { kind: 'observe', user, client: client.number } as const;
  const { observed } = await recorder.perform(invocation, async () => ({
    outcome: 'done',
    observed: await database.observe(user.id),
  }));
  if (observed && client.random.percent(30)) user.remembered = observed;
};

/** Deactivates the user, looks whether that holds, and takes it back. */
const deactivate: Action = (client, user) =>
  user.alone('activity', async () => {
    await setActive(client, user, false);
    const [held] = user.tokens;
    if (held !== undefined) await show(client, user, held);
    await setActive(client, user, true);
    if (held !== undefined) await show(client, user, held);
  });

async function setActive(client: Client, user: HistoryUser, active: boolean): Promise<void> {
  const question = {
    method: 'POST',
    path: `/history/${user.id}/activation`,
    json: { active },
  } as const;
  await client.ask({ kind: 'activation', user, active, question });
  user.active = active;
}

/** Everything a client may do, and how often. */
export const ACTIONS: readonly (readonly [action: Action, weight: number])[] = [
  [request, 200],
  [login, 14],
  [observe, 12],
  [logoutEverywhere, 4],
  [invalidation('logout'), 3],
  [invalidation('invalidate'), 2],
  [invalidation('password-changed'), 2],
  [changePassword, 6],
  [rehash, 4],
  [staleSave, 3],
  [staleWrite, 4],
  [deactivate, 2],
];

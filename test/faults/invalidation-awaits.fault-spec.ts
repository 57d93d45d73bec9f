import { Client, Pool } from 'pg';
import { describe, expect, it } from 'vitest';
import { PLATFORMS, type TestApp } from '../support/create-app.js';
import { expectNothingUnhandled, isInTime, timed } from '../support/faults/outages.js';
import {
  hangs,
  laterThan,
  rejects,
  rejectsWith,
  sleeps,
  type Strike,
  strikeAt,
  textOf,
  throws,
  unreturnable,
} from '../support/faults/strike.js';
import { useApp } from '../support/use-app.js';
import { createUser } from '../support/users.js';

/** Where something never comes. Boot keeps to it too, and a busy machine boots within it. */
const LIMIT_MS = 1000;
/** Where all comes at once: much more than a busy machine takes. */
const AMPLE_MS = 30_000;

/**
 * A place on the way of an invalidation at which it waits for something, what happens there, and what has become of the
 * version. `checks`: how many checks come before it and get the connection that they take.
 */
type Place = readonly [name: string, arm: (checks: number) => () => void, version: number];

const AT_ONCE: readonly Place[] = [
  ['the connection cannot be given back', connect(unreturnable), 1],
  ['the statement throws', update(throws), 0],
  ...['ECONNRESET', '57P01', '53300', '57014', '25006', '53200', 'XX000'].map((code): Place => [
    `the statement fails with ${code}`,
    update(rejectsWith(code)),
    0,
  ]),
];

/** These take as long as the limit. */
const SLOW: readonly Place[] = [
  ['the pool never gives a connection', connect(hangs), 0],
  ['the connection is given when it is too late', connect(laterThan(LIMIT_MS)), 0],
  ['the statement is not answered', update(sleeps), 0],
];

/** The server did nothing, or there is another connection. */
const OVERCOME: readonly Place[] = [
  ['the pool throws', connect(throws), 1],
  ['the pool rejects', connect(rejects), 1],
  ['the statement fails with 40P01', update(rejectsWith('40P01')), 1],
];

expectNothingUnhandled();

const optionsWith = (limitMs: number) => ({
  module: { readTimeout: AMPLE_MS / 1000, retryAfter: '7s' as const },
  store: { writeTimeout: limitMs / 1000 },
});

const METHODS = ['logoutEverywhere', 'invalidateAfterPasswordChange', 'invalidate'] as const;
const UNAVAILABLE = 'TokenStateUnavailableError';

describe('TokenInvalidator reports no success when', () => {
  const app = useApp(optionsWith(AMPLE_MS));
  const hurried = useApp(optionsWith(LIMIT_MS));

  it.each(AT_ONCE)('%s', async (_, arm, version) => {
    expect(await outcomesOf(app(), arm)).toEqual(METHODS.map(() => [UNAVAILABLE, version]));
  });

  it.each(SLOW)('%s', async (_, arm, version) => {
    expect(await outcomesOf(hurried(), arm)).toEqual(METHODS.map(() => [UNAVAILABLE, version]));
  });
});

describe.each(PLATFORMS)('on %s, the endpoint reports no success when', (platform) => {
  const app = useApp({ platform, ...optionsWith(AMPLE_MS) });
  const hurried = useApp({ platform, ...optionsWith(LIMIT_MS) });

  it.each(AT_ONCE)('%s', async (...place) => {
    expect(await tookUntilUnavailable(app(), place)).toBeLessThan(AMPLE_MS);
  });

  it.each(SLOW)('%s', async (...place) => {
    const tookMs = await tookUntilUnavailable(hurried(), place);
    expect(await isInTime(hurried(), { tookMs, limitMs: LIMIT_MS })).toBe(true);
  });
});

describe.each(PLATFORMS)('on %s, the endpoint succeeds although', (platform) => {
  const app = useApp({ platform, ...optionsWith(AMPLE_MS) });

  it.each(OVERCOME)('%s', async (_, arm, version) => {
    const user = await createUser(app().dataSource);
    const token = app().issuer.issue(user);
    const disarm = arm(1);
    const { status } = await app().post('/auth/logout-everywhere', token);
    disarm();
    expect(status).toBe(204);
    expect(await versionOf(app(), user.id)).toBe(version);
  });
});

/** What each method came to, and the version that its user has then. */
async function outcomesOf(app: TestApp, arm: Place[1]): Promise<unknown[]> {
  const outcomes: unknown[] = [];
  for (const method of METHODS) {
    const { id } = await createUser(app.dataSource);
    const disarm = arm(0);
    const outcome = await app.invalidator[method](id).catch(({ name }: Error) => name);
    disarm();
    outcomes.push([outcome, await versionOf(app, id)]);
  }
  return outcomes;
}

/** How long the endpoint took to answer with 503. */
async function tookUntilUnavailable(asked: TestApp, [, arm, version]: Place): Promise<number> {
  const user = await createUser(asked.dataSource);
  const token = asked.issuer.issue(user);
  // The guards of the application and of the endpoint share one.
  const disarm = arm(1);
  const answer = await timed(asked.post('/auth/logout-everywhere', token));
  disarm();
  expect(answer).toMatchObject({ status: 503, body: { errorCode: 'token_state_unavailable' } });
  expect(answer.headers.get('retry-after')).toBe('7');
  expect(await versionOf(asked, user.id)).toBe(version);
  return answer.tookMs;
}

function connect(strike: Strike): Place[1] {
  return (checks) => {
    let before = checks;
    return strikeAt(Pool.prototype, 'connect', { strike, when: () => before-- <= 0 });
  };
}

function update(strike: Strike): Place[1] {
  return () => strikeAt(Client.prototype, 'query', { strike, when: isUpdate });
}

function isUpdate([query]: unknown[]): boolean {
  return textOf(query).includes('UPDATE "users"');
}

async function versionOf(app: TestApp, id: string): Promise<number> {
  return (await app.users.findOneByOrFail({ id })).tokenVersion;
}

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

const LIMIT_MS = 300;

/**
 * A place on the way of an invalidation at which it waits for something, what happens there, and what has become of the
 * version. `checks`: how many checks come before it and
 * get the connection that they take.
 */
type Place = readonly [name: string, arm: (checks: number) => () => void, version: number];

const PLACES: readonly Place[] = [
  ['the pool never gives a connection', connect(hangs), 0],
  ['the connection is given when it is too late', connect(laterThan(LIMIT_MS)), 0],
  ['the connection cannot be given back', connect(unreturnable), 1],
  ['the statement throws', update(throws), 0],
  ['the statement is not answered', update(sleeps), 0],
  ...['ECONNRESET', '57P01', '53300', '57014', '25006', '53200', 'XX000'].map((code): Place => [
    `the statement fails with ${code}`,
    update(rejectsWith(code)),
    0,
  ]),
];

/** The server did nothing, or there is another connection. */
const OVERCOME: readonly Place[] = [
  ['the pool throws', connect(throws), 1],
  ['the pool rejects', connect(rejects), 1],
  ['the statement fails with 40P01', update(rejectsWith('40P01')), 1],
];

expectNothingUnhandled();

const limit = LIMIT_MS / 1000;
const OPTIONS = {
  module: { readTimeout: limit, retryAfter: '7s' as const },
  store: { writeTimeout: limit },
};

describe('TokenInvalidator reports no success when', () => {
  const app = useApp(OPTIONS);

  it.each(PLACES)('%s', async (_, arm, version) => {
    for (const method of [
      'logoutEverywhere',
      'invalidateAfterPasswordChange',
      'invalidate',
    ] as const) {
      const { id } = await createUser(app().dataSource);
      const disarm = arm(0);
      await expect(app().invalidator[method](id)).rejects.toMatchObject({
        name: 'TokenStateUnavailableError',
      });
      disarm();
      expect(await versionOf(app(), id)).toBe(version);
    }
  });
});

describe.each(PLATFORMS)('on %s, the endpoint reports no success when', (platform) => {
  const app = useApp({ platform, ...OPTIONS });

  it.each(PLACES)('%s', async (_, arm, version) => {
    const user = await createUser(app().dataSource);
    const token = app().issuer.issue(user);
    // The guards of the application and of the endpoint share one.
    const disarm = arm(1);
    const answer = await timed(app().post('/auth/logout-everywhere', token));
    disarm();
    expect(answer).toMatchObject({ status: 503, body: { errorCode: 'token_state_unavailable' } });
    expect(answer.headers.get('retry-after')).toBe('7');
    const { tookMs } = answer;
    expect(await isInTime(app(), { tookMs, limitMs: LIMIT_MS })).toBe(true);
    expect(await versionOf(app(), user.id)).toBe(version);
  });
});

describe.each(PLATFORMS)('on %s, the endpoint succeeds although', (platform) => {
  const app = useApp({ platform, ...OPTIONS });

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

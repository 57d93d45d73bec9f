import { Controller, Get, UseGuards } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import { CurrentUser, Public, TokenStateStore } from 'nestjs-token-invalidation';
import { revocableJwtStrategy } from 'nestjs-token-invalidation/passport';
import { RevocableUser } from 'nestjs-token-invalidation/typeorm';
import { Client, Pool } from 'pg';
import { Column, Entity, PrimaryColumn, VirtualColumn } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { AuthController } from '../support/auth.controller.js';
import { PLATFORMS, type TestApp } from '../support/create-app.js';
import { HookedUser } from '../support/hooked-user.entity.js';
import {
  expectNothingUnhandled,
  expectRecovery,
  isInTime,
  timed,
  UNAVAILABLE,
} from '../support/faults/outages.js';
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
import { User } from '../support/user.entity.js';
import { createUser } from '../support/users.js';

/** Where something never comes. */
const LIMIT_MS = 300;
/** Where all comes at once: much more than a busy machine takes. */
const AMPLE_MS = 30_000;

/** A route behind Passport's own guard, whose way to the state is another. */
@Public()
@UseGuards(AuthGuard('revocable-jwt'))
@Controller('passport')
class PassportController {
  @Get()
  me(@CurrentUser() user: User): User {
    return user;
  }
}

const optionsWith = (limitMs: number) => ({
  controllers: [AuthController, PassportController],
  providers: [revocableJwtStrategy()],
  module: { readTimeout: limitMs / 1000, retryAfter: '7s' as const },
});
const ROUTES = ['/auth/me', '/auth/optional', '/auth/sensitive', '/passport'];
const ONE_OF_EACH_GUARD = ['/auth/me', '/passport'];

const WELL = new Set(['200 undefined null in time', 'a verdict']);
const UNAVAILABLE_IN_TIME = new Set([`${UNAVAILABLE} 7 in time`, 'TokenStateUnavailableError']);

/** A place on the way of a check at which it waits for something, and what happens there. */
type Place = readonly [name: string, arm: (app: TestApp) => () => void];

const storeRead = (strike: Strike) => (app: TestApp) =>
  strikeAt(app.app.get(TokenStateStore, { strict: false }), 'read', { strike });
const connect = (strike: Strike) => () => strikeAt(Pool.prototype, 'connect', { strike });
const stateQuery =
  (strike: Strike, times = 1) =>
  () => {
    const step = { strike, when: ([query]: unknown[]) => isStateQuery(query) };
    return strikeAt(Client.prototype, 'query', ...Array.from({ length: times }, () => step));
  };

const ON_EVERY_WAY: readonly Place[] = [
  ['the store throws', storeRead(throws)],
  ['the store rejects', storeRead(rejects)],
  ['the store rejects with nothing', storeRead(() => Promise.reject())],
  ['the store answers with too little', storeRead(async () => ({ records: [] }))],
  ['the store answers with nothing', storeRead(async () => undefined)],
  ['the statement throws twice', stateQuery(throws, 2)],
  // Too many connections, cancelled, read-only, out of memory, unknown.
  ...['53300', '57014', '25006', '53200', 'XX000'].map((code): Place => [
    `the statement fails with ${code}`,
    stateQuery(rejectsWith(code)),
  ]),
  // Connection lost, server shutting down, deadlock.
  ...['ECONNRESET', '57P01', '40P01'].map((code): Place => [
    `the statement fails twice with ${code}`,
    stateQuery(rejectsWith(code), 2),
  ]),
];

/** On a connection that was used before, these may be over on another one. */
const TRIED_AGAIN: readonly Place[] = [
  ['the connection cannot be given back', connect(unreturnable)],
  ['the statement throws', stateQuery(throws)],
  ...['ECONNRESET', '57P01', '40P01'].map((code): Place => [
    `the statement fails with ${code}`,
    stateQuery(rejectsWith(code)),
  ]),
];

/** Here a connection that is open may be shared. */
const SHARED: readonly Place[] = [
  ['the pool throws', connect(throws)],
  ['the pool rejects', connect(rejects)],
];

/** These take as long as the limit. */
const SLOW: readonly Place[] = [
  ['the store never settles', storeRead(hangs)],
  ['the pool never gives a connection', connect(hangs)],
  ['the connection is given when it is too late', connect(laterThan(LIMIT_MS))],
  ['the statement is not answered', stateQuery(sleeps)],
];

/** TypeORM's `find` reads the user a second time, by the connection that the state came by. */
const WHERE_TYPEORM_LOADS: readonly Place[] = [
  [
    'no query runner is made',
    (app) => strikeAt(app.dataSource, 'createQueryRunner', { strike: throws }),
  ],
  ['the query throws', findQuery(throws)],
  ['the query fails', findQuery(rejectsWith('ECONNRESET'))],
  ['the query is cancelled', findQuery(rejectsWith('57014'))],
];

const SLOW_WHERE_TYPEORM_LOADS: readonly Place[] = [
  ['the query is not answered', findQuery(sleeps)],
];

expectNothingUnhandled();

// One application at a time: Passport has one table of strategies for all.
describe.each(PLATFORMS)(
  'on %s, a check is 503 in time, and the next one is well, when',
  (platform) => {
    const app = useApp({ platform, ...optionsWith(AMPLE_MS) });

    it.each(ON_EVERY_WAY)('%s', async (_, arm) => {
      expect(await outcomesOf(app(), arm, ROUTES)).toEqual(UNAVAILABLE_IN_TIME);
    });

    it.each(SHARED)('%s, or well', async (_, arm) => {
      const expected = [...UNAVAILABLE_IN_TIME, ...WELL];
      for (const outcome of await outcomesOf(app(), arm, ROUTES)) {
        expect(expected).toContain(outcome);
      }
    });
  },
);

describe.each(PLATFORMS)(
  'on %s, a check is 503 in time, and the next one is well, although',
  (platform) => {
    const app = useApp({ platform, ...optionsWith(LIMIT_MS) });

    it.each(SLOW)('%s', async (_, arm) => {
      expect(await slowOutcomesOf(app(), arm)).toEqual(UNAVAILABLE_IN_TIME);
    });
  },
);

describe.each(PLATFORMS)('on %s, a check is well at once, when', (platform) => {
  const app = useApp({ platform, ...optionsWith(AMPLE_MS) });

  it.each(TRIED_AGAIN)('%s', async (_, arm) => {
    expect(await outcomesOf(app(), arm, ROUTES)).toEqual(WELL);
  });
});

const HOOKED = { entities: [User, HookedUser], store: { entity: HookedUser } };

describe('where TypeORM loads the user, a check is 503 in time, and the next one is well, when', () => {
  const app = useApp({ ...optionsWith(AMPLE_MS), ...HOOKED });

  it.each(WHERE_TYPEORM_LOADS)('%s', async (_, arm) => {
    expect(await outcomesOf(app(), arm, ROUTES)).toEqual(UNAVAILABLE_IN_TIME);
  });

  it('the database fails for one of several, and for no other', async () => {
    const strike = rejectsWith('57014');
    const failed = await failuresOf(app(), { strike, when: ([query]) => isFind(query) });
    expect(failed).toEqual(['TokenStateUnavailableError']);
  });
});

describe('where TypeORM loads the user, a check is 503 in time, and the next one is well, although', () => {
  const app = useApp({ ...optionsWith(LIMIT_MS), ...HOOKED });

  it.each(SLOW_WHERE_TYPEORM_LOADS)('%s', async (_, arm) => {
    expect(await slowOutcomesOf(app(), arm)).toEqual(UNAVAILABLE_IN_TIME);
  });
});

/** More than its own columns, so that TypeORM loads it, and no code that runs for each. */
@Entity('users')
class QuietUser extends RevocableUser {
  @PrimaryColumn({ type: 'uuid' })
  id!: string;

  @Column({ type: 'boolean' })
  active!: boolean;

  @VirtualColumn({ query: () => 'SELECT 1' })
  one!: number;
}

describe('where TypeORM loads all users of a read at once, only one check fails when', () => {
  const app = useApp({
    ...optionsWith(AMPLE_MS),
    entities: [User, QuietUser],
    store: { entity: QuietUser },
  });

  it('the database fails for all of them, and for one again when each is tried alone', async () => {
    const strike = rejectsWith('57014');
    const failed = await failuresOf(
      app(),
      { strike, when: ([query, values]) => isFind(query) && (values as unknown[]).length > 1 },
      { strike, when: ([query]) => isFind(query) },
    );
    expect(failed).toEqual(['TokenStateUnavailableError']);
  });
});

/** What becomes of six checks at once, but of those that are accepted, when statements are struck. */
async function failuresOf(
  app: TestApp,
  ...strikes: Parameters<typeof strikeAt>[2][]
): Promise<unknown[]> {
  const users = await Promise.all(Array.from({ length: 6 }, () => createUser(app.dataSource)));
  const tokens = users.map((user) => app.issuer.issue(user));
  const disarm = strikeAt(Client.prototype, 'query', ...strikes);
  const outcomes = await Promise.allSettled(tokens.map((token) => app.verifier.verify(token)));
  disarm();
  return outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? (outcome.reason as Error).name : [],
  );
}

/** What came of it on each route and off HTTP, where nothing waits for the limit. */
function outcomesOf(app: TestApp, arm: Place[1], routes: readonly string[]): Promise<Set<string>> {
  return outcomesIn(app, { arm, routes, isInTime: async (tookMs) => tookMs < AMPLE_MS });
}

/** The same where the limit is waited for. */
function slowOutcomesOf(app: TestApp, arm: Place[1]): Promise<Set<string>> {
  return outcomesIn(app, {
    arm,
    routes: ONE_OF_EACH_GUARD,
    isInTime: (tookMs) => isInTime(app, { tookMs, limitMs: LIMIT_MS }),
  });
}

/** After each fault the next check has to be well. */
async function outcomesIn(
  app: TestApp,
  tried: {
    readonly arm: Place[1];
    readonly routes: readonly string[];
    readonly isInTime: (tookMs: number) => Promise<boolean>;
  },
): Promise<Set<string>> {
  const token = app.issuer.issue(await createUser(app.dataSource));
  const outcomes = new Set<string>();
  // What a new connection cannot be blamed for is tried again on one that was used before.
  await expectRecovery(app, token);
  for (const route of tried.routes) {
    const disarm = tried.arm(app);
    const { status, body, headers, tookMs } = await timed(app.get(route, token));
    disarm();
    const time = (await tried.isInTime(tookMs)) ? 'in time' : `after ${tookMs} ms`;
    outcomes.add(`${status} ${String(body['errorCode'])} ${headers.get('retry-after')} ${time}`);
    await expectRecovery(app, token, route);
  }
  const disarm = tried.arm(app);
  outcomes.add(
    await app.verifier.verify(token).then(
      () => 'a verdict',
      (error: Error) => error.name,
    ),
  );
  disarm();
  return outcomes;
}

function findQuery(strike: Strike): Place[1] {
  return () => strikeAt(Client.prototype, 'query', { strike, when: ([query]) => isFind(query) });
}

function isFind(query: unknown): boolean {
  const text = textOf(query);
  return text.includes('FROM "users"') && !isStateQuery(query);
}

function isStateQuery(query: unknown): boolean {
  return textOf(query).includes(' AS asked ');
}

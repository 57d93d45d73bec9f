import { TokenEventEmitter, TokenSessions } from 'nestjs-token-invalidation';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { EntityManager } from 'typeorm';
import type { TestApp } from '../support/create-app.js';
import { createSessionApp } from '../support/sessions/session-app.js';
import { claimsOf, type Device, SessionClient } from '../support/sessions/session-client.js';
import { SessionDatabase } from '../support/sessions/session-database.js';
import { until } from '../support/until.js';
import type { User } from '../support/user.entity.js';
import { createUser } from '../support/users.js';

type Sessions = TokenSessions<User, EntityManager>;
type Write = (sessions: Sessions, transaction: EntityManager) => Promise<unknown>;

let database: SessionDatabase;
let app: TestApp;
let user: User;
/** Its next rotation is due. */
let device: Device;

beforeAll(async () => {
  database = await SessionDatabase.open();
  app = await createSessionApp({ url: database.url });
});
afterAll(async () => {
  await app?.close();
  await database?.close();
});
beforeEach(async () => {
  const client = new SessionClient(app.url);
  const { email, id } = await createUser(app.dataSource);
  const over = await client.logIn(email);
  device = await client.logIn(email);
  await client.logIn(email);
  await database.age(device.sid, 61);
  // What a sweep removes.
  await database.age(over.sid, 2 * 86_400);
  const query = app.users.createQueryBuilder('user').addSelect('user.passwordHash');
  user = await query.where({ id }).getOneOrFail();
});

/** What others see. */
async function seen(): Promise<string> {
  const tables = ['users', 'users_token_sessions', 'users_revoked_tokens'];
  const rows = await Promise.all(
    tables.map((table) => database.query(`SELECT * FROM ${table} ORDER BY 1`)),
  );
  return JSON.stringify(rows);
}

/** Every method that writes. */
const WRITES: Record<string, Write> = {
  start: (sessions, transaction) => sessions.start(user, { transaction }),
  refresh: (sessions, transaction) => sessions.refresh(device.refresh, { transaction }),
  fork: (sessions, transaction) => sessions.fork(device.refresh, { transaction }),
  reauthenticate: (sessions, transaction) =>
    sessions.reauthenticate(device.sid, user, { transaction }),
  logoutEverywhereElse: (sessions, transaction) =>
    sessions.logoutEverywhereElse(device.sid, user, { transaction }),
  changePassword: (sessions, transaction) =>
    sessions.changePassword(device.sid, user, {
      currentHash: user.passwordHash,
      newHash: 'another',
      transaction,
    }),
  end: (sessions, transaction) => sessions.end(device.sid, { of: user.id, transaction }),
  logout: (sessions, transaction) => sessions.logout(device.refresh, { transaction }),
  endOthers: (sessions, transaction) =>
    sessions.endOthers({ of: user.id, except: device.sid, transaction }),
  endAll: (sessions, transaction) => sessions.endAll(user.id, { transaction }),
  revokeToken: (sessions, transaction) =>
    sessions.revokeToken(claimsOf(device.access) as never, { transaction }),
  sweep: (sessions, transaction) => sessions.sweep({ transaction }),
};

/** What is reported of each: kinds of events of sessions, and reasons of invalidations. */
const REPORTS: Record<string, readonly string[]> = {
  start: ['started'],
  refresh: ['refreshed'],
  fork: ['started'],
  reauthenticate: ['started', 'ended'],
  logoutEverywhereElse: ['started', 'ended', 'logged_out_everywhere'],
  changePassword: ['started', 'ended', 'password_changed'],
  end: ['ended'],
  logout: ['ended'],
  endOthers: ['ended'],
  endAll: ['ended', 'ended'],
  revokeToken: ['revoked'],
  sweep: [],
};

/** What this node reports from now on. */
function reported(): readonly string[] {
  const happened: string[] = [];
  const unsubscribe = app.app.get(TokenEventEmitter, { strict: false }).subscribe({
    session: ({ kind }) => void happened.push(kind),
    invalidated: ({ reason }) => void happened.push(reason),
    revoked: () => void happened.push('revoked'),
    refused: () => {},
  });
  onTestFinished(unsubscribe);
  return happened;
}

const sessions = () => app.app.get<Sessions>(TokenSessions, { strict: false });

describe.each(Object.entries(WRITES))('TokenSessions.%s() in a transaction', (name, write) => {
  it('is seen by nobody before the commit, and undone with the transaction', async () => {
    const before = await seen();
    const undone = app.dataSource.transaction(async (transaction) => {
      await write(sessions(), transaction);
      expect(await seen()).toBe(before);
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    expect(await seen()).toBe(before);
  });

  it('is reported once it is committed, and not when it is undone', async () => {
    const happened = reported();
    const undone = app.dataSource.transaction(async (transaction) => {
      await write(sessions(), transaction);
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    await app.dataSource.transaction(async (transaction) => {
      await write(sessions(), transaction);
      expect(happened).toEqual([]);
    });
    const expected = REPORTS[name]!;
    await until('it is reported', async () => happened.length >= expected.length);
    expect(happened.toSorted()).toEqual(expected.toSorted());
  });

  it('takes effect with its commit', async () => {
    const before = await seen();
    await app.dataSource.transaction((transaction) => write(sessions(), transaction));
    expect(await seen()).not.toBe(before);
  });
});

it('every other method of TokenSessions writes nothing', () => {
  const methods = Object.getOwnPropertyDescriptors(TokenSessions.prototype);
  const named = Object.entries(methods).flatMap(([name, { value }]) => (value ? [name] : []));
  const inner = new Set(['constructor', 'read', 'replace', 'ending', 'reportEnded']);
  expect(named.filter((name) => !(name in WRITES) && !inner.has(name))).toEqual(['list']);
});

import type { TokenInvalidationConfigError } from 'nestjs-token-invalidation';
import { tokenInvalidationSql } from 'nestjs-token-invalidation/pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { backUp, CAN_BACK_UP, restore } from '../support/backups.js';
import type { TestApp } from '../support/create-app.js';
import { createDatabase, createEmptyDatabase, type TestDatabase } from '../support/database.js';
import { createSessionApp } from '../support/sessions/session-app.js';
import { type Device, SessionClient } from '../support/sessions/session-client.js';
import { runSql } from '../support/storage/catalogue.js';
import { Session } from '../support/storage/users.js';
import { createUser } from '../support/users.js';

const EVERYONE = 'users_token_invalidation';
const TABLES = ['users', 'users_revoked_tokens', EVERYONE, 'users_token_sessions'];

const MIGRATION = tokenInvalidationSql({
  table: 'users',
  password: 'password_hash',
  to: { core: 2, sessions: 1, revoked_tokens: 1 },
});

/** What a client holds at the time of the backup, and what it is answered. */
const HELD = {
  'of before everyone was logged out': '401 everyone_logged_out',
  'of before, without a session': '401 everyone_logged_out',
  'of a user who logged out everywhere': '401 logged_out_everywhere',
  'of a device that logged out': '401 session_ended',
  'that was revoked': '401 token_revoked',
  'of a device that is logged in': 200,
} as const;

type Held = Record<keyof typeof HELD, string>;

let original: TestDatabase;
let backup: Buffer;
let held: Held;
let device: Device;
let before: unknown;

const migrate = (url: string) => runSql(url, MIGRATION.up);

async function boot({ url }: TestDatabase): Promise<TestApp> {
  const app = await createSessionApp({ url });
  onTestFinished(() => app.close());
  return app;
}

async function open(opening: Promise<TestDatabase>): Promise<TestDatabase> {
  const database = await opening;
  onTestFinished(() => database.drop());
  return database;
}

/** A database that was migrated and has no data yet. */
async function openMigrated(): Promise<TestDatabase> {
  const database = await open(createDatabase());
  await migrate(database.url);
  return database;
}

async function query<Row>({ url }: TestDatabase, text: string): Promise<Row[]> {
  const session = await Session.open(url);
  try {
    return await session.query<Row>(text);
  } finally {
    await session.close();
  }
}

const dataOf = (database: TestDatabase) =>
  Promise.all(TABLES.map((table) => query(database, `SELECT * FROM ${table} ORDER BY 1`)));

async function answersOf({ url }: TestApp): Promise<unknown> {
  const client = new SessionClient(url);
  const answers = Object.entries(held).map(async ([name, token]) => [
    name,
    await client.check(token),
  ]);
  return Object.fromEntries(await Promise.all(answers));
}

/** Uses the application as its clients would. */
async function use(app: TestApp): Promise<void> {
  const client = new SessionClient(app.url);
  const logIn = async () => client.logIn((await createUser(app.dataSource)).email);
  const former = await logIn();
  const withoutSession = app.issuer.issue(await createUser(app.dataSource));
  await client.post('/device/everyone');
  const gone = await createUser(app.dataSource);
  const loggedOut = await client.logIn(gone.email);
  await app.invalidator.logoutEverywhere(gone.id);
  const ended = await logIn();
  await client.logout({ access: ended.access });
  const revoked = await logIn();
  await client.post('/device/revoke-this-token', revoked.access);
  device = await logIn();
  held = {
    'of before everyone was logged out': former.access,
    'of before, without a session': withoutSession,
    'of a user who logged out everywhere': loggedOut.access,
    'of a device that logged out': ended.access,
    'that was revoked': revoked.access,
    'of a device that is logged in': device.access,
  };
  before = await answersOf(app);
}

// Where pg_dump is missing or older than the server, but for PostgreSQL 13 in CI.
describe.skipIf(!CAN_BACK_UP)('a backup by pg_dump', () => {
  beforeAll(async () => {
    original = await createDatabase();
    await migrate(original.url);
    const app = await createSessionApp({ url: original.url });
    try {
      await use(app);
    } finally {
      await app.close();
    }
    backup = backUp(original.url);
  });
  afterAll(() => original?.drop());

  it('brings all of it back into an empty database', async () => {
    expect(before).toEqual(HELD);
    const database = await open(createEmptyDatabase());
    expect(restore(backup, database.url)).toEqual([]);
    expect(await dataOf(database)).toEqual(await dataOf(original));
    expect(await answersOf(await boot(database))).toEqual(HELD);
  });

  it('brings its data into a migrated database, the cutoff of everyone with it', async () => {
    const database = await openMigrated();
    expect(restore(backup, database.url, '--data-only')).toEqual([]);
    expect(await dataOf(database)).toEqual(await dataOf(original));
    const app = await boot(database);
    expect(await answersOf(app)).toEqual(HELD);
    expect((await new SessionClient(app.url).refresh(device.refresh)).outcome).toBe(200);
  });

  it('takes back nothing of everyone that is newer there', async () => {
    const database = await openMigrated();
    const app = await boot(database);
    for (const _ of [1, 2]) await app.invalidator.invalidateEveryone();
    const everyone = `SELECT everyone_logged_out_at, everyone_version FROM ${EVERYONE}`;
    const newer = await query(database, everyone);
    expect(restore(backup, database.url, '--data-only')).toEqual([]);
    expect(await query(database, everyone)).toEqual(newer);
    expect(await answersOf(app)).toMatchObject({
      'of a device that is logged in': '401 everyone_logged_out',
      'of before, without a session': '401 everyone_logged_out',
    });
  });

  describe('with --disable-triggers', () => {
    const withoutTriggers = ['--data-only', '--disable-triggers'];

    it('stops the boot until the migration has run again', async () => {
      const database = await openMigrated();
      expect(restore(backup, database.url, ...withoutTriggers)).toEqual([EVERYONE]);
      const refusal = await boot(database).catch((error: unknown) => error);
      const { problems } = refusal as TokenInvalidationConfigError;
      const named = problems.map((problem) => / trigger "\w+" of "(\w+)"/.exec(problem)?.[1]);
      expect(new Set(named)).toEqual(new Set(TABLES));
      await migrate(database.url);
      await boot(database);
    });

    it('has lost everyone, until that table is restored once more without it', async () => {
      const database = await openMigrated();
      restore(backup, database.url, ...withoutTriggers);
      await migrate(database.url);
      const app = await boot(database);
      expect(await answersOf(app)).toMatchObject({ 'of before, without a session': 200 });
      expect(restore(backup, database.url, '--data-only', `--table=${EVERYONE}`)).toEqual([]);
      expect(await answersOf(app)).toEqual(HELD);
      expect(await dataOf(database)).toEqual(await dataOf(original));
    });
  });
});

import { RevocableUser } from 'nestjs-token-invalidation/typeorm';
import { types } from 'pg';
import {
  Column,
  CreateDateColumn,
  DeleteDateColumn,
  Entity,
  JoinColumn,
  ManyToOne,
  type ObjectLiteral,
  PrimaryColumn,
  PrimaryGeneratedColumn,
} from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTriggers } from '../../src/postgres/schema/core-2-triggers.js';
import {
  openStorage,
  type StorageDatabase,
  type TypeOrmStore,
} from '../support/storage/database.js';
import { shown } from '../support/storage/shown.js';

/** Nothing has the name that it has by default, and nothing is inherited. */
@Entity('Ann\'s "Accounts"', { schema: 'the "auth" schema' })
class Account {
  @PrimaryColumn({ name: 'account no.', type: 'integer' })
  accountNumber!: number;

  @Column({ name: 'Version', type: 'bigint', default: 0 })
  version!: string;

  @Column({ name: "when it's changed", type: 'timestamptz', precision: 3, nullable: true })
  pwAt!: Date | null;

  @Column({ name: 'u', type: 'timestamptz', precision: 3, nullable: true })
  outAt!: Date | null;

  @Column({ name: '$1', type: 'text', select: false })
  secret!: string;

  @Column({ type: 'text', default: '' })
  note!: string;
}

const ACCOUNTS = `"the ""auth"" schema"."Ann's ""Accounts"""`;
const ACCOUNT_NAMES = {
  schema: '"the ""auth"" schema"',
  users: 'Ann\'s "Accounts"',
  everyone: 'what concerns "all"',
  id: 'account no.',
  password: '$1',
  tokenVersion: 'Version',
  passwordChangedAt: "when it's changed",
  logoutAllAt: 'u',
};

class Address {
  @Column({ type: 'text', nullable: true })
  street!: string | null;

  @Column({ type: 'jsonb', nullable: true })
  geo!: object | null;
}

class Cents {
  constructor(readonly amount: number) {}
}

@Entity('teams')
class Team {
  @PrimaryGeneratedColumn('identity') id!: number;
}

@Entity('people')
class Person extends RevocableUser {
  @PrimaryColumn({
    type: 'text',
    transformer: {
      from: (id: string) => `person:${id}`,
      to: (id: unknown) => (typeof id === 'string' ? id.replace('person:', '') : id),
    },
  })
  id!: string;

  @Column({ type: 'text', select: false })
  password!: string;

  @Column({ type: 'text', select: false, default: 'hidden' })
  hidden!: string;

  @Column(() => Address)
  home!: Address;

  @Column(() => Address)
  work!: Address;

  @Column({ type: 'jsonb', default: {} })
  settings!: { nested?: { list: number[] } };

  @Column({ type: 'text', array: true, default: [] })
  roles!: string[];

  @Column({ type: 'bytea', nullable: true })
  avatar!: Buffer | null;

  @Column({ type: 'interval', nullable: true })
  trial!: { toPostgres(): string } | null;

  @Column({ type: 'simple-json', nullable: true })
  extra!: object | null;

  @Column({ type: 'simple-array', nullable: true })
  tags!: string[] | null;

  @Column({
    type: 'numeric',
    transformer: { from: (v: string) => new Cents(Number(v)), to: (v?: Cents) => v?.amount },
    default: 0,
  })
  balance!: Cents;

  @Column({ type: 'date', nullable: true })
  born!: string | null;

  @Column({ type: 'timestamp', nullable: true })
  seenAt!: Date | null;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;

  @DeleteDateColumn({ type: 'timestamptz' })
  deletedAt!: Date | null;

  @ManyToOne(() => Team)
  @JoinColumn({ name: 'teamId' })
  team!: Team | null;

  readonly madeByConstructor = true;

  get isAdmin(): boolean {
    return this.roles.includes('admin');
  }
}

/** Its own idea of time and number. */
@Entity('transformed')
class Transformed {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id!: string;

  @Column({
    name: 'token_version',
    type: 'integer',
    default: 0,
    transformer: { from: (v: number) => ({ v }), to: (v?: { v: number }) => v?.v },
  })
  tokenVersion!: { v: number };

  @Column({
    name: 'password_changed_at',
    type: 'timestamptz',
    precision: 3,
    nullable: true,
    transformer: epoch(),
  })
  passwordChangedAt!: number | null;

  @Column({
    name: 'logout_all_at',
    type: 'timestamptz',
    precision: 3,
    nullable: true,
    transformer: epoch(),
  })
  logoutAllAt!: number | null;
}

function epoch() {
  return {
    from: (instant: Date | null) => instant && instant.getTime(),
    to: (instant?: number | null) => (typeof instant === 'number' ? new Date(instant) : instant),
  };
}

let database: StorageDatabase;

beforeAll(async () => {
  database = await openStorage(
    [
      'CREATE SCHEMA "the ""auth"" schema"',
      `CREATE TABLE ${ACCOUNTS} ("account no." integer PRIMARY KEY, "Version" bigint NOT NULL DEFAULT 0,
         "when it's changed" timestamptz(3), "u" timestamptz(3), "$1" text, note text NOT NULL DEFAULT '')`,
      `CREATE TABLE "the ""auth"" schema"."what concerns ""all""" (singleton boolean PRIMARY KEY DEFAULT true,
         everyone_logged_out_at timestamptz(3), everyone_version bigint NOT NULL DEFAULT 0,
         retired_version bigint NOT NULL DEFAULT 0)`,
      'INSERT INTO "the ""auth"" schema"."what concerns ""all""" DEFAULT VALUES',
      ...createTriggers(ACCOUNT_NAMES),
      'CREATE TABLE teams (id integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY)',
      `CREATE TABLE people (id text PRIMARY KEY, password text NOT NULL, hidden text NOT NULL DEFAULT 'hidden',
         "homeStreet" text, "homeGeo" jsonb, "workStreet" text, "workGeo" jsonb, settings jsonb NOT NULL DEFAULT '{}',
         roles text[] NOT NULL DEFAULT '{}', avatar bytea, trial interval, extra text, tags text,
         balance numeric NOT NULL DEFAULT 0, born date, "seenAt" timestamp, "createdAt" timestamptz NOT NULL DEFAULT now(),
         "deletedAt" timestamptz, "teamId" integer REFERENCES teams)`,
      'CREATE TABLE transformed (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY)',
    ],
    { entities: [Account, Person, Team, Transformed] },
  );
  await database.migrate({ table: 'people', password: 'password' });
  await database.migrate({ table: 'transformed', password: null });
});
afterAll(() => database?.close());

async function read<User extends ObjectLiteral>(store: TypeOrmStore<User>, ...subjects: string[]) {
  const queries = subjects.map((subject) => ({ subject }));
  const { records } = await store.read(queries, { timeoutMs: 10_000 });
  return records.map((record) => {
    if (record === undefined || record instanceof Error) throw record ?? new Error('not found');
    return record;
  });
}

const accounts = () =>
  database.store(Account, {
    properties: {
      tokenVersion: 'version',
      passwordChangedAt: 'pwAt',
      logoutAllAt: 'outAt',
      password: 'secret',
    },
    everyoneTable: 'what concerns "all"',
  });
const insertAccount = (id: number, version = 0) =>
  database.query(
    `INSERT INTO ${ACCOUNTS} ("account no.", "Version", "$1") VALUES ($1, $2, 'old')`,
    [id, version],
  );

describe('an entity with other names', () => {
  it('is found to be set up', async () => {
    expect(await accounts().checkSetup()).toEqual([]);
  });

  it('is read, described, changed and invalidated', async () => {
    await insertAccount(1);
    await accounts().invalidate({ subject: '1' }, 'logout');
    await accounts().changePassword('1', { currentHash: 'old', newHash: 'new' });
    await accounts().rehashPassword('1', { currentHash: 'new', newHash: 'newer' });
    const everyone = await accounts().invalidateEveryone();

    const [record] = await read(accounts(), '1');
    const user = await database.dataSource
      .getRepository(Account)
      .findOneByOrFail({ accountNumber: 1 });
    expect(record!.user).toBeInstanceOf(Account);
    expect(shown(record!.user)).toEqual(shown(user));
    expect(record!.state.tokenVersion).toBe(2);
    expect(accounts().describe(user)).toEqual({ subject: '1', state: record!.state });
    const reading = await accounts().read([{ subject: '1' }], { timeoutMs: 10_000 });
    expect(reading.everyone).toEqual({
      version: everyone.version,
      loggedOutAt: everyone.effectiveAt,
    });
  });

  it('counts on beyond what an integer holds, and as a number', async () => {
    await insertAccount(2, 3_000_000_000);
    const change = await accounts().invalidate(
      { subject: '2', ifVersion: 3_000_000_000 },
      'logout',
    );
    expect(change).toMatchObject({ version: 3_000_000_001 });
    const [{ user, state } = { user: undefined, state: undefined }] = await read(accounts(), '2');
    expect(state?.tokenVersion).toBe(3_000_000_001);
    expect(user?.version).toBe('3000000001');
    expect(accounts().describe(user!).state.tokenVersion).toBe(3_000_000_001);
  });

  it('is not set back by save() of a stale record, though nothing forbids the columns', async () => {
    await insertAccount(3);
    const repository = database.dataSource.getRepository(Account);
    const stale = await repository.findOneByOrFail({ accountNumber: 3 });
    await accounts().invalidate({ subject: '3' }, 'logout');
    const [before] = await read(accounts(), '3');

    await repository.save(Object.assign(stale, { note: 'changed' }));

    const [after] = await read(accounts(), '3');
    expect(after!.state).toEqual(before!.state);
    expect(after!.user.note).toBe('changed');
  });
});

describe('an entity of many columns', () => {
  let store: TypeOrmStore<Person>;
  const find = (id: string) =>
    database.dataSource
      .getRepository(Person)
      .findOneOrFail({ where: { id: `person:${id}` }, withDeleted: true });
  beforeAll(async () => {
    store = database.store(Person);
    await database.query("INSERT INTO people (id, password) VALUES ('bare', 'hash')");
    await database.query('INSERT INTO teams (id) VALUES (7)');
    await database.query(
      `INSERT INTO people VALUES ('full', 'hash', 'secret', 'Home St', '{"x": 1}', 'Work St', '{"x": 2}',
         '{"nested": {"list": [1, 2]}}', '{admin,"a,b"}', '\\x00ff', '14 days 3 hours', '{"a": [1]}', 'x,y',
         12.5, '2000-02-29', '2024-01-01 12:00:00', '2024-01-01T00:00:00Z', NULL, 7)`,
    );
  });

  it.each(['bare', 'full'])('gives the %s user that TypeORM would give', async (id) => {
    const [record] = await read(store, id);
    const expected = await find(id);
    expect(record!.user).toBeInstanceOf(Person);
    expect(shown(record!.user)).toStrictEqual(shown(expected));
  });

  it('runs the class: constructor, getters, embedded classes, transformers', async () => {
    const [record] = await read(store, 'full');
    const { user } = record!;
    expect(user.madeByConstructor).toBe(true);
    expect(user.isAdmin).toBe(true);
    expect(user.home).toBeInstanceOf(Address);
    expect(user.balance).toBeInstanceOf(Cents);
    expect(user.id).toBe('person:full');
    expect(store.describe(user).subject).toBe('full');
  });

  it('leaves out what is not selected', async () => {
    const [{ user } = { user: undefined }] = await read(store, 'full');
    expect([user!.password, user!.hidden, user!.team]).toEqual([undefined, undefined, undefined]);
    expect(JSON.stringify(user)).not.toMatch(/password"|secret|hidden/);
  });

  it('shares nothing between two requests of one user', async () => {
    const [first, second] = (await read(store, 'full', 'full')).map(({ user }) => user);
    const expected = await find('full');
    first!.settings.nested!.list.push(3);
    first!.roles.push('intruder');
    first!.avatar!.fill(1);
    first!.seenAt!.setFullYear(1999);
    first!.tags!.push('z');
    Object.assign(first!.home.geo!, { x: 9 });
    Object.assign(first!.extra!, { a: [] });
    Object.assign(first!.trial!, { days: 99 });
    expect(shown(second!)).toStrictEqual(shown(expected));
    expect(Buffer.isBuffer(second!.avatar)).toBe(true);
    expect(second!.trial!.toPostgres()).toBe(expected.trial!.toPostgres());
  });

  it('shares nothing of the state either', async () => {
    await store.invalidate({ subject: 'full' }, 'logout');
    const [first, second] = await read(store, 'full', 'full');
    first!.state.logoutAllAt!.setTime(0);
    expect(second!.state.logoutAllAt!.getTime()).not.toBe(0);
    expect(second!.user.logoutAllAt!.getTime()).not.toBe(0);
  });
});

describe('an entity whose state goes through transformers', () => {
  it('is described as it is stored', async () => {
    const store = database.store(Transformed);
    const [{ id } = { id: '' }] = await database.query<{ id: string }>(
      'INSERT INTO transformed DEFAULT VALUES RETURNING id',
    );
    await store.invalidate({ subject: id }, 'logout');
    await store.invalidate({ subject: id }, 'password');
    const [record] = await read(store, id);
    const user = await database.dataSource.getRepository(Transformed).findOneByOrFail({ id });

    expect(shown(record!.user)).toEqual(shown(user));
    expect(store.describe(user)).toEqual({ subject: id, state: record!.state });
  });
});

describe('a value that cannot be copied', () => {
  it('fails nobody when a user has two requests at once', async () => {
    // Classes like those of decimal libraries, which carry functions of their own.
    class Decimal {
      readonly toNumber = () => 1;
    }
    const { NUMERIC } = types.builtins;
    const original = types.getTypeParser(NUMERIC);
    types.setTypeParser(NUMERIC, () => new Decimal());
    try {
      const store = database.store(Person);
      const records = await store.read(
        [{ subject: 'bare' }, { subject: 'full' }, { subject: 'full' }],
        { timeoutMs: 10_000 },
      );
      expect(records.records[0]).toMatchObject({ active: true });
      expect(records.records[2]).toMatchObject({ active: true });
    } finally {
      types.setTypeParser(NUMERIC, original);
    }
  });
});

import { pgStore } from 'nestjs-token-invalidation/pg';
import { Client, Pool, type QueryConfig } from 'pg';
import { DataSource, type EntityManager } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { PostgresTokenStateStore } from '../../src/postgres/postgres-token-state.store.js';
import type { PgTransaction, PgUser } from '../../src/pg/index.js';
import { openUsers, type StorageDatabase, type TypeOrmStore } from '../support/storage/database.js';
import { insertUser, userRow } from '../support/storage/users.js';
import { User } from '../support/user.entity.js';

type PgTokenStateStore = PostgresTokenStateStore<PgUser, PgTransaction>;

let database: StorageDatabase;
let typeOrm: TypeOrmStore<User>;
let pool: Pool;
let client: Client;
let plain: PgTokenStateStore;

beforeAll(async () => {
  database = await openUsers();
  // No hash may be longer: what PostgreSQL refuses.
  await database.query('ALTER TABLE users ADD CHECK (length(password_hash) < 20)');
  typeOrm = database.store(User);
  pool = new Pool({ connectionString: database.url });
  // The database may be dropped before the last connection has closed.
  pool.on('error', () => {});
  client = new Client({ connectionString: database.url });
  await client.connect();
  plain = pgStore({ pool, table: 'users' }).useFactory() as PgTokenStateStore;
});
afterAll(async () => {
  await plain?.onApplicationShutdown();
  await client?.end();
  await pool?.end();
  await database?.close();
});

const REFUSED = { currentHash: 'old', newHash: 'a hash of too many letters' };

/** Between BEGIN and ROLLBACK. */
async function inTransaction<Result>(work: () => Promise<Result>): Promise<Result> {
  await client.query('BEGIN');
  try {
    return await work();
  } finally {
    await client.query('ROLLBACK');
  }
}

/** How a write fails, and that it wrote nothing. */
async function failureOf(write: (id: string) => Promise<unknown>): Promise<unknown> {
  const user = await insertUser(database);
  const failure = await write(user.id).then(
    () => 'no failure',
    (error: unknown) => error,
  );
  expect(await userRow(database, user.id)).toEqual(user);
  return failure;
}

const invalidateBy = (manager: EntityManager) => (id: string) =>
  typeOrm.invalidate({ subject: id }, 'logout', manager);
const invalidate = (transaction: PgTransaction) => (id: string) =>
  plain.invalidate({ subject: id }, 'logout', transaction);

/** Clients of pg before 8.23 do not know whether they are in a transaction. */
const older = () =>
  ({ query: (config: QueryConfig) => client.query(config) }) as unknown as PgTransaction;

describe('an EntityManager', () => {
  const NO_TRANSACTION = new TypeError(
    'The transaction is over, or never began: pass the EntityManager that dataSource.transaction() gives to its callback, or queryRunner.manager after startTransaction().',
  );

  it('must not be that of the data source, which runs each statement alone', async () => {
    expect(await failureOf(invalidateBy(database.dataSource.manager))).toEqual(NO_TRANSACTION);
    const everyone = typeOrm.invalidateEveryone(database.dataSource.manager);
    await expect(everyone).rejects.toEqual(NO_TRANSACTION);
  });

  it('must have an open transaction: not one that is still to begin, and not one that is over', async () => {
    const runner = database.dataSource.createQueryRunner();
    await runner.connect();
    expect(await failureOf(invalidateBy(runner.manager))).toEqual(NO_TRANSACTION);
    await runner.startTransaction();
    const { id } = await insertUser(database);
    expect(await invalidateBy(runner.manager)(id)).toMatchObject({ version: 1 });
    await runner.commitTransaction();
    expect(await failureOf(invalidateBy(runner.manager))).toEqual(NO_TRANSACTION);
    await runner.release();
    expect((await userRow(database, id)).token_version).toBe(1);
  });

  it.each([
    ['the data source itself', () => database.dataSource],
    ['a query runner without its manager', () => database.dataSource.createQueryRunner()],
    ['null', () => null],
    ['text', () => 'BEGIN'],
  ])('must be one, and not %s', async (_, other) => {
    expect(await failureOf(invalidateBy(other() as never))).toEqual(NO_TRANSACTION);
  });

  it('must be of the data source that holds the users', async () => {
    const other = new DataSource({ type: 'postgres', url: database.url });
    expect(await failureOf(invalidateBy(other.manager))).toEqual(
      new TypeError(
        'The transaction belongs to another data source than the users: pass an EntityManager of the one that holds them.',
      ),
    );
  });

  it('that TypeORM refuses fails as it is', async () => {
    const runner = database.dataSource.createQueryRunner();
    await runner.startTransaction();
    await runner.rollbackTransaction();
    await runner.release();
    Object.assign(runner, { isTransactionActive: true });
    expect(await failureOf(invalidateBy(runner.manager))).toMatchObject({
      name: 'QueryRunnerProviderAlreadyReleasedError',
    });
  });

  it('fails as TypeORM does, without the hashes', async () => {
    const failure = await failureOf((id) =>
      database.dataSource.transaction((manager) => typeOrm.changePassword(id, REFUSED, manager)),
    );
    expect(failure).toMatchObject({ name: 'QueryFailedError', code: '23514', parameters: [] });
    expect(failure).toMatchObject({ detail: undefined, driverError: { detail: undefined } });
    expect(JSON.stringify(failure)).not.toContain(REFUSED.newHash);
  });

  it.each(['text', null, undefined])('fails with what was thrown, be it %j', async (thrown) => {
    const failure = await failureOf((id) =>
      database.dataSource.transaction(async (manager) => {
        const refusing = Object.create(manager) as EntityManager;
        refusing.query = () => Promise.reject(thrown);
        await typeOrm.invalidate({ subject: id }, 'logout', refusing);
      }),
    );
    expect(failure).toBe(thrown);
  });
});

describe('a pg client', () => {
  const NO_TRANSACTION = new TypeError(
    'The transaction is over, or never began: pass the client on which you ran BEGIN.',
  );

  it('must not be a pool, which runs each statement on any of its connections', async () => {
    expect(await failureOf(invalidate(pool))).toEqual(NO_TRANSACTION);
  });

  it.each([{}, 'BEGIN', 5, null])('must be one, and not %j', async (other) => {
    expect(await failureOf(invalidate(other as never))).toEqual(NO_TRANSACTION);
  });

  describe.each([
    ['that knows its state', () => client],
    ['of an older pg', older],
  ])('%s', (_, get) => {
    it('must be in a transaction', async () => {
      expect(await failureOf(invalidate(get()))).toEqual(NO_TRANSACTION);
      await client.query('BEGIN');
      await client.query('COMMIT');
      expect(await failureOf(invalidate(get()))).toEqual(NO_TRANSACTION);
    });

    it('joins the write to its transaction', async () => {
      const { id } = await insertUser(database);
      const change = await inTransaction(() => invalidate(get())(id));
      expect(change).toMatchObject({ version: 1 });
      expect((await userRow(database, id)).token_version).toBe(0);
    });

    it('fails as PostgreSQL does in a transaction that has failed', async () => {
      const failure = await failureOf((id) =>
        inTransaction(async () => {
          await expect(client.query('SELECT 1/0')).rejects.toThrow('division by zero');
          await invalidate(get())(id);
        }),
      );
      expect(failure).toMatchObject({ code: '25P02' });
    });
  });

  it('is asked nothing more when it knows its state', async () => {
    const { id } = await insertUser(database);
    await inTransaction(async () => {
      const query = vi.spyOn(client, 'query');
      await invalidate(client)(id);
      expect(query).toHaveBeenCalledTimes(1);
      query.mockRestore();
    });
  });

  it('fails without the hashes', async () => {
    const failure = await failureOf((id) =>
      inTransaction(() => plain.changePassword(id, REFUSED, client)),
    );
    expect(failure).toMatchObject({ code: '23514', detail: undefined });
    expect(JSON.stringify(failure)).not.toContain(REFUSED.newHash);
  });
});

import { pgStore } from 'nestjs-token-invalidation/pg';
import { RevocableUser, typeOrmStore } from 'nestjs-token-invalidation/typeorm';
import { Pool, type PoolConfig } from 'pg';
import { Column, DataSource, type DataSourceOptions, Entity, PrimaryColumn } from 'typeorm';
import { afterEach, expect } from 'vitest';
import type {
  StateChange,
  StateRecord,
  TokenStateStore,
} from '../../../src/state/token-state.store.js';
import { rowOf } from '../faults/row-of.js';
import { User } from '../user.entity.js';

/** Users of a table that only a `search_path` finds. */
@Entity('accounts')
export class Account extends RevocableUser {
  @PrimaryColumn({ type: 'uuid' }) id!: string;

  @Column({ name: 'password_hash', type: 'text', select: false }) passwordHash!: string;
}

interface Chosen {
  table?: string;
  writeTimeout?: number;
  /** Is called with the application's pool before the store is. */
  prepare?: (pool: Pool) => void;
}

/** Opens stores on pools as an application configures them. Each is closed after its test. */
export class OpenedStores {
  private readonly closing: (() => Promise<unknown>)[] = [];

  constructor() {
    afterEach(async () => {
      for (const close of this.closing.splice(0).toReversed()) await close();
    });
  }

  onPool(config: PoolConfig, { prepare, table = 'users', ...rest }: Chosen = {}): TokenStateStore {
    const pool = new Pool(config);
    prepare?.(pool);
    return this.opened(pgStore({ pool, table, ...rest }).useFactory(), () => pool.end());
  }

  async onDataSource(
    options: Partial<DataSourceOptions>,
    entity: typeof User | typeof Account = User,
    prepare: (pool: Pool) => void = () => {},
  ): Promise<TokenStateStore> {
    const dataSource = new DataSource({
      type: 'postgres',
      entities: [entity],
      ...options,
    } as DataSourceOptions);
    await dataSource.initialize();
    prepare((dataSource.driver as unknown as { master: Pool }).master);
    const store = typeOrmStore<User | Account>({ entity, dataSource }).useFactory();
    return this.opened(store, () => dataSource.destroy());
  }

  private opened(store: unknown, close: () => Promise<unknown>): TokenStateStore {
    const { closing } = this;
    closing.push(close);
    closing.push(() =>
      (store as { onApplicationShutdown(): Promise<void> }).onApplicationShutdown(),
    );
    return store as TokenStateStore;
  }
}

/** Boots, then logs a new user out; the version that was written, and the one that is read. */
export async function versionsOf(
  store: TokenStateStore,
  databaseUrl: string,
  table = 'users',
): Promise<unknown[]> {
  expect(await store.checkSetup()).toEqual([]);
  const columns = table === 'users' ? '(email, password_hash)' : '(id, password_hash)';
  const id = crypto.randomUUID();
  const sql = `INSERT INTO ${table} ${columns} VALUES ($1, 'x') RETURNING id`;
  const { id: subject } = await rowOf<{ id: string }>(databaseUrl, sql, [id]);
  const written = await store.invalidate({ subject }, 'logout');
  const { records } = await store.read([{ subject }], { timeoutMs: 2000 });
  const [record] = records as StateRecord<unknown>[];
  return [(written as StateChange).version, record!.state.tokenVersion];
}

/** A database's url in parts, as pg names them. */
export function partsOf(databaseUrl: string) {
  const url = new URL(databaseUrl);
  return {
    host: url.hostname,
    port: Number(url.port),
    user: url.username,
    password: decodeURIComponent(url.password),
    database: url.pathname.slice(1),
  };
}

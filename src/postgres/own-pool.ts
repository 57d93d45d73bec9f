// Not the global ones, which an application's fake timers replace.
import { clearTimeout, setTimeout } from 'node:timers';
import { Connection } from './connection.js';
import { introduceTo } from './introduce-client.js';
import { isUnknownSetting } from './pg-error.js';
import type { PgClient, PgPool } from './pg-pool.js';
import { isOver, leftOf, type TimeLimit } from './time-limit.js';

/**
 * How long a connection is used: a new one finds the server that the name leads to by then, also where the old server
 * still runs.
 */
const LIFETIME_SECONDS = 300;

/** After the server has turned a connection down, how long the open ones are shared before the pool asks for another. */
const SHARED_MS = 5000;

/** The first keep-alive probe, which also keeps the connection in the memory of a firewall. The system's default is hours. */
const KEEP_ALIVE_MS = 10_000;

export interface OwnPoolSettings {
  /** Never more connections than this. */
  readonly max: number;
  /** How long an unused connection stays open; 0: for its lifetime. */
  readonly idleTimeoutMillis: number;
}

/**
 * Connections that no code of the application has ever used, with the settings of the application's pool: nothing that
 * such code leaves behind, such as an open transaction, is on them.
 */
export class OwnPool {
  private opened: { readonly of: PgPool; readonly pool: PgPool } | undefined;
  private readonly connections = new WeakMap<PgClient, Connection>();
  private distrustedBefore = 0;
  private sharedUntil = 0;

  /** @param applicationPool - asked each time: a data source that was closed and opened again has another pool */
  constructor(
    private readonly applicationPool: () => PgPool,
    private readonly settings: OwnPoolSettings,
  ) {}

  /** Whether there is a connection, or one on its way. */
  get isOpen(): boolean {
    return this.opened !== undefined && this.opened.pool.totalCount > 0;
  }

  /** A connection that comes too late is not used: what is sent then may work, and is reported as failed. */
  async acquire(limit: TimeLimit): Promise<Connection> {
    for (;;) {
      const connection = await this.take(this.open(limit.limitMs), limit);
      if (isOver(limit)) {
        connection.giveBack();
        throw new Error(NO_CONNECTION);
      }
      if (connection.openedAt >= this.distrustedBefore) return connection;
      connection.close();
    }
  }

  /** Uses none of the connections that are open now again: their server is not the primary, or is gone. */
  distrust(): void {
    this.distrustedBefore = performance.now();
  }

  async close(): Promise<void> {
    const { opened } = this;
    this.opened = undefined;
    await opened?.pool.end();
  }

  private open(limitMs: number): PgPool {
    const of = this.applicationPool();
    if (this.opened?.of !== of) {
      void this.close();
      this.opened = { of, pool: this.openPool(of, limitMs) };
    }
    return this.opened.pool;
  }

  private async take(pool: PgPool, limit: TimeLimit): Promise<Connection> {
    if (performance.now() >= this.sharedUntil) pool.options.max = this.settings.max;
    const { statement_timeout: limitAtServer } = pool.options;
    try {
      return await this.connect(pool, limit);
    } catch (error) {
      const ownLimit = this.opened?.of.options.statement_timeout;
      if (limitAtServer !== ownLimit && isUnknownSetting(error)) {
        // Others may have connected with it meanwhile: each learns it here, once.
        pool.options.statement_timeout = ownLimit;
        return this.take(pool, limit);
      }
      const { totalCount } = pool;
      const mayShare = totalCount > 0 && totalCount < pool.options.max!;
      if (!mayShare || isOver(limit)) throw error;
      pool.options.max = totalCount;
      this.sharedUntil = performance.now() + SHARED_MS;
      return this.connect(pool, limit);
    }
  }

  private async connect(pool: PgPool, limit: TimeLimit): Promise<Connection> {
    // The pool's own time limit counts the wait for a connection, and not all that opening one takes.
    const connecting = this.checkOut(pool);
    const leftMs = Math.max(1, Math.ceil(leftOf(limit)));
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(NO_CONNECTION)), leftMs);
    });
    try {
      return await Promise.race([connecting, tooLate]);
    } catch (error) {
      connecting.then(
        (connection) => connection.giveBack(),
        () => undefined,
      );
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  private checkOut(pool: PgPool): Promise<Connection> {
    return new Promise((resolve, reject) => {
      pool.connect((error, client) => {
        if (client === undefined) reject(error!);
        else resolve(this.connectionOf(pool, client));
      });
    });
  }

  private connectionOf(pool: PgPool, client: PgClient): Connection {
    let connection = this.connections.get(client);
    if (connection === undefined) {
      connection = new Connection(client, pool.options);
      this.connections.set(client, connection);
    }
    return connection;
  }

  private openPool(of: PgPool, limitMs: number): PgPool {
    const Pool = of.constructor as new (options: object) => PgPool;
    const { options } = of;
    const introduce = introduceTo(of, limitMs);
    const pool: PgPool = new Pool({
      ...options,
      // Not enumerable in the options of a pool.
      password: options.password,
      Client: options['Client'] ?? of.Client,
      ...this.settings,
      min: 0,
      connectionTimeoutMillis: limitMs,
      maxLifetimeSeconds: smaller(options['maxLifetimeSeconds'], LIFETIME_SECONDS),
      // A statement that this process can no longer give up still ends there.
      statement_timeout: smaller(options.statement_timeout, Math.ceil(limitMs)),
      // They hold up no shutdown.
      allowExitOnIdle: true,
      keepAlive: true,
      keepAliveInitialDelayMillis: smaller(options['keepAliveInitialDelayMillis'], KEEP_ALIVE_MS),
      verify: (client: PgClient, done: (error?: unknown) => void) => {
        this.connectionOf(pool, client);
        introduce(client, done);
      },
    });
    // A connection that broke while idle: the next read opens another, or says what is wrong.
    pool.on('error', () => {});
    return pool;
  }
}

const NO_CONNECTION = 'The database gave no connection within the time limit';

/** A setting that is 0 or missing is no limit. */
function smaller(given: unknown, most: number): number {
  const limit = Number(given);
  return limit > 0 && limit < most ? limit : most;
}

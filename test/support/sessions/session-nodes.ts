import { Client } from 'pg';
import { vi } from 'vitest';
import { CHEAP } from '../passwords.js';
import { hash } from '@node-rs/argon2';
import { startNode } from '../node-process.js';
import { PASSWORD } from '../users.js';
import { BARRIER, type SessionAppSettings } from './session-app.js';
import { type Device, SessionClient } from './session-client.js';
import { SessionDatabase } from './session-database.js';

/** A node in a process of its own, and how to stop it. */
interface RunningNode {
  readonly client: SessionClient;
  readonly stop: () => Promise<void>;
}

/** Several nodes over one database, and what their tests do to it. */
export class SessionNodes {
  private constructor(
    readonly database: SessionDatabase,
    private readonly running: readonly RunningNode[],
  ) {}

  /** @param nodes - the settings of each node. Default: two that are alike */
  static async start(
    nodes: readonly Omit<SessionAppSettings, 'url'>[] = [{}, {}],
  ): Promise<SessionNodes> {
    const database = await SessionDatabase.open();
    await database.query('CREATE SEQUENCE session_updates');
    await database.query(
      "CREATE FUNCTION count_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM nextval('session_updates'); RETURN NULL; END $$",
    );
    await database.query(
      'CREATE TRIGGER count_updates AFTER UPDATE ON users_token_sessions FOR EACH ROW EXECUTE FUNCTION count_update()',
    );
    const running = await Promise.all(
      nodes.map(async (settings) => {
        const node = await startNode(
          { ...settings, url: database.url },
          'sessions/session-node-main.ts',
        );
        return { client: new SessionClient(node.url), stop: node.stop };
      }),
    );
    return new SessionNodes(database, running);
  }

  get a(): SessionClient {
    return this.running[0]!.client;
  }

  get b(): SessionClient {
    return this.running[1]!.client;
  }

  async stop(): Promise<void> {
    await Promise.all(this.running.map((node) => node.stop()));
    await this.database.close();
  }

  /** A new user with `PASSWORD`. */
  async createUser(prefix = ''): Promise<string> {
    const email = `${prefix}${crypto.randomUUID()}@example.com`;
    const sql = 'INSERT INTO users (email, password_hash) VALUES ($1, $2)';
    await this.database.query(sql, email, await hash(PASSWORD, CHEAP));
    return email;
  }

  /** A device of a new user, whose refresh token is old enough for the next rotation. */
  async device(): Promise<Device & { readonly email: string }> {
    const email = await this.createUser();
    const device = await this.a.logIn(email);
    await this.age(device, 61);
    return { ...device, email };
  }

  /** Lets time pass for the session of a device. */
  age({ sid }: Pick<Device, 'sid'>, seconds: number): Promise<void> {
    return this.database.age(sid, seconds);
  }

  async generationOf({ sid }: Pick<Device, 'sid'>): Promise<number> {
    return (await this.database.row(sid))['generation'] as number;
  }

  /** How many rows of sessions were updated while this ran. */
  async updatesDuring(work: () => Promise<unknown>): Promise<number> {
    await this.database.query(
      'ALTER TABLE users_token_sessions ENABLE ALWAYS TRIGGER count_updates',
    );
    const before = await this.updates();
    await work();
    return (await this.updates()) - before;
  }

  /** How many connections of the nodes are at work on sessions at this moment. */
  async busyConnections(): Promise<number> {
    const [row] = await this.database.query(
      "SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND query LIKE '%secret_hash%' AND pid <> pg_backend_pid()",
    );
    return row!['n'] as number;
  }

  async rows(): Promise<number> {
    const [row] = await this.database.query('SELECT count(*)::int AS n FROM users_token_sessions');
    return row!['n'] as number;
  }

  /** Holds the answers to users whose address begins with `held`, while `work` runs. */
  async holding(work: (untilHeld: () => Promise<void>) => Promise<void>): Promise<void> {
    const client = new Client({ connectionString: this.database.url });
    await client.connect();
    try {
      await client.query(`SELECT pg_advisory_lock(${BARRIER})`);
      await work(() => this.untilHeld());
    } finally {
      await client.end();
    }
  }

  private async untilHeld(): Promise<void> {
    const sql = `SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = ${BARRIER} AND NOT granted`;
    await vi.waitUntil(async () => (await this.database.query(sql)).length > 0, {
      timeout: 20_000,
      interval: 20,
    });
  }

  private async updates(): Promise<number> {
    const sql =
      'SELECT CASE WHEN is_called THEN last_value ELSE 0 END::int AS n FROM session_updates';
    const [row] = await this.database.query(sql);
    return row!['n'] as number;
  }
}

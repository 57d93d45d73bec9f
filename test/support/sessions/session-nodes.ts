import { Client } from 'pg';
import { startNode } from '../node-process.js';
import { until } from '../until.js';
import {
  BARRIER,
  createLayerSessionApp,
  createSessionApp,
  type SessionAppSettings,
} from './session-app.js';
import { type Device, SessionClient } from './session-client.js';
import { SessionDatabase } from './session-database.js';
import { DatabaseRows, MemoryRows, type SeenRow, type SessionRows } from './session-rows.js';

/** What a node is made of. */
export interface NodeOfSessions extends SessionAppSettings {
  /** The name of its data layer. Default: TypeORM, in an application that checks passwords. */
  readonly layer?: string | undefined;
}

/** What two nodes are made of. */
export interface NodesOfSessions extends Omit<NodeOfSessions, 'url'> {
  /** Both in this process. Default: each in its own. */
  readonly inThisProcess?: boolean;
}

/** A node, and how to stop it. */
interface RunningNode {
  readonly client: SessionClient;
  readonly stop: () => Promise<void>;
}

/** As `verdicts` has it, when all of them are the same. */
export const all = (verdict: 200 | string) => Array(4).fill(verdict) as unknown;

/** Two nodes over one database, and what their tests do to it. */
export class SessionNodes {
  private constructor(
    readonly database: SessionDatabase,
    readonly rows: SessionRows,
    private readonly settings: NodesOfSessions,
    private readonly running: RunningNode[],
  ) {}

  /** In processes of their own, but for the store in memory, which two applications of this process share. */
  static async start(settings: NodesOfSessions = {}): Promise<SessionNodes> {
    const database = await SessionDatabase.open();
    const rows =
      settings.layer === 'memory' ? new MemoryRows(database.url) : new DatabaseRows(database);
    const nodes = new SessionNodes(database, rows, settings, []);
    try {
      await nodes.startBoth();
    } catch (error) {
      await nodes.stop();
      throw error;
    }
    return nodes;
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

  /** Another node, in this process. */
  async startHere(more: Partial<NodeOfSessions> = {}): Promise<SessionClient> {
    const settings = { ...this.settings, url: this.database.url, ...more };
    const app = await (settings.layer === undefined
      ? createSessionApp(settings)
      : createLayerSessionApp(settings.layer, settings));
    const client = new SessionClient(app.url);
    this.running.push({ client, stop: () => app.close() });
    return client;
  }

  /** A new user with `PASSWORD`. */
  async createUser(prefix = ''): Promise<string> {
    const email = `${prefix}${crypto.randomUUID()}@example.com`;
    await this.rows.createUser(email);
    return email;
  }

  /** A device of a new user, whose refresh token is old enough for the next rotation. */
  async device(): Promise<Device & { readonly email: string }> {
    const email = await this.createUser();
    const device = await this.a.logIn(email);
    await this.age(device, 61);
    return { ...device, email };
  }

  /** What both nodes say of a device: of its access token, then of its refresh token. */
  async verdicts({ access, refresh }: Device): Promise<(200 | string)[]> {
    const { a, b } = this;
    return [
      await a.check(access),
      await b.check(access),
      (await a.refresh(refresh)).outcome,
      (await b.refresh(refresh)).outcome,
    ];
  }

  /** Lets time pass for the session of a device. */
  age({ sid }: Pick<Device, 'sid'>, seconds: number): Promise<void> {
    return this.rows.age(sid, seconds);
  }

  rowOf({ sid }: Pick<Device, 'sid'>): Promise<SeenRow> {
    return this.rows.row(sid);
  }

  async generationOf(device: Pick<Device, 'sid'>): Promise<number> {
    return (await this.rowOf(device)).generation;
  }

  /** The kinds of what both nodes reported of a device, but for logins and refreshes. */
  async eventsOf({ sid }: Pick<Device, 'sid'>): Promise<string[]> {
    const [a, b] = [await this.a.reportedOf(sid), await this.b.reportedOf(sid)];
    return [...a, ...b]
      .map(({ kind }) => kind)
      .filter((kind) => kind !== 'started' && kind !== 'refreshed');
  }

  /** How many connections of each node are at work on sessions at this moment. */
  async busyConnections(): Promise<number[]> {
    const rows = await this.database.query(
      "SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND application_name LIKE 'node %' AND query LIKE '%secret_hash%' GROUP BY application_name",
    );
    return rows.map(({ n }) => n as number);
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

  private async startBoth(): Promise<void> {
    if (this.settings.layer === 'memory' || this.settings.inThisProcess) {
      await this.startHere();
      await this.startHere();
    } else {
      this.running.push(...(await Promise.all(['a', 'b'].map((name) => this.startNode(name)))));
    }
  }

  private async startNode(name: string): Promise<RunningNode> {
    const url = new URL(this.database.url);
    url.searchParams.set('application_name', `node ${name}`);
    const settings = { ...this.settings, url: url.href };
    const node = await startNode(settings, 'sessions/session-node-main.ts');
    return { client: new SessionClient(node.url), stop: node.stop };
  }

  private async untilHeld(): Promise<void> {
    const sql = `SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = ${BARRIER} AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
    await until('an answer is held', async () => (await this.database.query(sql)).length > 0);
  }
}

import { hash } from '@node-rs/argon2';
import { ageInMemory } from '../storage/memory-harness.js';
import { storeAt } from '../layers/memory.layer.js';
import { CHEAP } from '../passwords.js';
import { PASSWORD } from '../users.js';
import type { SessionDatabase } from './session-database.js';

/** As much of a session's row as the tests look at. */
export interface SeenRow {
  readonly generation: number;
  readonly seenAt: Date | null;
  readonly endedReason: string | null;
  readonly expiresAt: Date;
  readonly label: string | null;
}

/** What tests do to users and sessions behind the backs of the nodes, as another writer would. */
export interface SessionRows {
  /** A new user with `PASSWORD`. */
  createUser(email: string): Promise<void>;
  /** Stores another hash. */
  changePassword(email: string): Promise<void>;
  /** Lets time pass for one session. */
  age(sid: string, seconds: number): Promise<void>;
  row(sid: string): Promise<SeenRow>;
  /** What a backup would have of the session: an earlier generation, that was seen long ago. */
  restore(sid: string, generation: number): Promise<void>;
  /** Lets nobody write a session until so many statements of `work` wait to. In memory, where none waits: just the work. */
  colliding<Result>(sid: string, statements: number, work: () => Promise<Result>): Promise<Result>;
  /** How many sessions there are. */
  count(): Promise<number>;
  /** How many rows of sessions were updated while this ran. */
  updatesDuring(work: () => Promise<unknown>): Promise<number>;
  everyoneVersion(): Promise<number>;
  /** Logs everyone out in a transaction that commits after `work`, by a clock that is ten minutes behind. */
  logOutEveryoneAround(work: () => Promise<unknown>): Promise<void>;
  /** Every value that is stored of a user's sessions. */
  valuesOf(email: string): Promise<unknown[]>;
}

/** The rows in PostgreSQL, by SQL. */
export class DatabaseRows implements SessionRows {
  constructor(private readonly database: SessionDatabase) {}

  async createUser(email: string): Promise<void> {
    const sql = 'INSERT INTO users (email, password_hash) VALUES ($1, $2)';
    await this.database.query(sql, email, await hash(PASSWORD, CHEAP));
  }

  async changePassword(email: string): Promise<void> {
    const sql = "UPDATE users SET password_hash = 'other' WHERE email = $1";
    await this.database.query(sql, email);
  }

  age(sid: string, seconds: number): Promise<void> {
    return this.database.age(sid, seconds);
  }

  async row(sid: string): Promise<SeenRow> {
    const { generation, seen_at, ended_reason, expires_at, label } = await this.database.row(sid);
    const row = { generation, seenAt: seen_at, endedReason: ended_reason, expiresAt: expires_at };
    return { ...row, label } as SeenRow;
  }

  async restore(sid: string, generation: number): Promise<void> {
    await this.database.pastTrigger(
      "SET generation = $2, rotated_at = clock_timestamp() - interval '10 minutes', seen_at = clock_timestamp() - interval '5 minutes', ended_at = NULL, ended_reason = NULL WHERE id = $1",
      sid,
      generation,
    );
  }

  async colliding<Result>(
    sid: string,
    statements: number,
    work: () => Promise<Result>,
  ): Promise<Result> {
    let working: Promise<Result> | undefined;
    await this.database.transaction(async (client) => {
      await client.query('SELECT FROM users_token_sessions WHERE id = $1 FOR NO KEY UPDATE', [sid]);
      working = work();
      await this.database.untilBlocked(statements);
    });
    return working!;
  }

  async count(): Promise<number> {
    const [row] = await this.database.query('SELECT count(*)::int AS n FROM users_token_sessions');
    return row!['n'] as number;
  }

  async updatesDuring(work: () => Promise<unknown>): Promise<number> {
    await this.database.countUpdates();
    const before = await this.database.updates();
    await work();
    return (await this.database.updates()) - before;
  }

  async everyoneVersion(): Promise<number> {
    const [row] = await this.database.query(
      'SELECT everyone_version::int AS n FROM users_token_invalidation',
    );
    return row!['n'] as number;
  }

  async logOutEveryoneAround(work: () => Promise<unknown>): Promise<void> {
    await this.database.transaction(async (client) => {
      await client.query(
        "UPDATE users_token_invalidation SET everyone_version = everyone_version + 1, everyone_logged_out_at = clock_timestamp() - interval '10 minutes'",
      );
      await work();
    });
  }

  async valuesOf(email: string): Promise<unknown[]> {
    const rows = await this.database.query(
      'SELECT u.*, s.* FROM users AS u JOIN users_token_sessions AS s ON s.user_id = u.id WHERE u.email = $1',
      email,
    );
    return rows.flatMap((row) => Object.values(row));
  }
}

/** The rows of the store for unit tests. */
export class MemoryRows implements SessionRows {
  private readonly store;

  /** @param url - the address that the nodes open */
  constructor(url: string) {
    this.store = storeAt(url);
  }

  async createUser(email: string): Promise<void> {
    this.store.add({ id: crypto.randomUUID(), email, role: 'member', passwordHash: 'hash' });
  }

  async changePassword(email: string): Promise<void> {
    this.store.update(this.idOf(email), { passwordHash: 'other' });
  }

  async age(sid: string, seconds: number): Promise<void> {
    ageInMemory(this.session(sid), seconds);
  }

  async row(sid: string): Promise<SeenRow> {
    return { ...this.session(sid) };
  }

  async restore(sid: string, generation: number): Promise<void> {
    const now = Date.now();
    const live = { endedAt: null, endedReason: null };
    const when = { rotatedAt: new Date(now - 600_000), seenAt: new Date(now - 300_000) };
    Object.assign(this.session(sid), { generation, ...when, ...live });
  }

  colliding<Result>(_sid: string, _statements: number, work: () => Promise<Result>) {
    return work();
  }

  async count(): Promise<number> {
    return this.store.database.rows.sessions.size;
  }

  async updatesDuring(work: () => Promise<unknown>): Promise<number> {
    const { database } = this.store;
    const shown = () => JSON.stringify([...database.rows.sessions.values()]);
    const run = database.run.bind(database);
    let updates = 0;
    database.run = (operation, transaction) => {
      const before = shown();
      const outcome = run(operation, transaction);
      if (shown() !== before) updates += 1;
      return outcome;
    };
    await work();
    Reflect.deleteProperty(database, 'run');
    return updates;
  }

  async everyoneVersion(): Promise<number> {
    return this.store.database.rows.everyone.version;
  }

  async logOutEveryoneAround(work: () => Promise<unknown>): Promise<void> {
    await this.store.transaction(async (transaction) => {
      await this.store.invalidateEveryone(transaction);
      await work();
    });
  }

  async valuesOf(email: string): Promise<unknown[]> {
    const id = this.idOf(email);
    const { users, sessions } = this.store.database.rows;
    const own = [...sessions.values()].filter(({ subject }) => subject === id);
    return [users.get(id)!, ...own].flatMap((row) => Object.values(row));
  }

  private session(sid: string) {
    return this.store.database.rows.sessions.get(sid)!;
  }

  private idOf(email: string): string {
    const users = [...this.store.database.rows.users.values()];
    return users.find((user) => user.email === email)!.id;
  }
}

import { Client } from 'pg';
import { until } from '../until.js';
import type { StorageDatabase } from './database.js';

/** A row of the reference migrations' users table, as SQL has it. */
export interface UserRow {
  id: string;
  email: string;
  password_hash: string;
  token_version: number;
  password_changed_at: Date | null;
  logout_all_at: Date | null;
}

let users = 0;

export async function insertUser(database: StorageDatabase, hash = 'old'): Promise<UserRow> {
  users += 1;
  const [row] = await database.query<UserRow>(
    'INSERT INTO users (email, password_hash) VALUES ($1, $2) RETURNING *',
    [`user-${users}@example.com`, hash],
  );
  return row!;
}

export async function userRow(database: StorageDatabase, id: string): Promise<UserRow> {
  const [row] = await database.query<UserRow>('SELECT * FROM users WHERE id = $1', [id]);
  return row!;
}

/** A separate session: a connection that nobody else uses. */
export class Session {
  private constructor(private readonly client: Client) {}

  static async open(url: string): Promise<Session> {
    const client = new Client({ connectionString: url });
    await client.connect();
    return new Session(client);
  }

  async query<Row = Record<string, unknown>>(sql: string, values: unknown[] = []): Promise<Row[]> {
    const { rows } = await this.client.query(sql, values);
    return rows as Row[];
  }

  async processId(): Promise<number> {
    const [row] = await this.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    return row!.pid;
  }

  close(): Promise<void> {
    return this.client.end();
  }
}

/** Whether a session waits for a lock that the session with this process holds. */
export async function isBlocking(database: StorageDatabase, blocker: number): Promise<boolean> {
  const blocked = await database.query(
    `SELECT FROM pg_stat_activity
     WHERE datname = current_database() AND $1 = ANY(pg_blocking_pids(pid))`,
    [blocker],
  );
  return blocked.length > 0;
}

/** Until a session that is on its way waits for a lock of the session with this process. */
export function untilBlocked(database: StorageDatabase, blocker: number): Promise<void> {
  return until('another session waits for a lock', () => isBlocking(database, blocker));
}

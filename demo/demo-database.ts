import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import {
  type DatabaseServer,
  databaseServer,
  type RunningPostgres,
} from '../tools/embedded-postgres/embedded-postgres.js';

/** A database that lives as long as the demo, on the embedded server or on the one that `DATABASE_URL` names. */
export class DemoDatabase {
  private readonly name = `token_invalidation_demo_${randomBytes(4).toString('hex')}`;

  private constructor(private readonly server: DatabaseServer) {}

  static async create(): Promise<DemoDatabase> {
    const database = new DemoDatabase(await databaseServer());
    try {
      await database.onServer(`CREATE DATABASE ${database.name}`);
      return database;
    } catch (error) {
      await database.server.stop();
      throw error;
    }
  }

  get url(): string {
    const url = new URL(this.server.url);
    url.pathname = `/${this.name}`;
    return url.href;
  }

  /** The server, when it is ours to take down and to bring back. */
  get ownServer(): RunningPostgres | undefined {
    return 'takeDown' in this.server ? (this.server as RunningPostgres) : undefined;
  }

  async remove(): Promise<void> {
    // With our own server the data goes as a whole, and the server may be down.
    if (!this.ownServer) await this.onServer(`DROP DATABASE ${this.name} WITH (FORCE)`);
    await this.server.stop();
  }

  private async onServer(statement: string): Promise<void> {
    const client = new Client({ connectionString: this.server.url });
    await client.connect();
    try {
      await client.query(statement);
    } finally {
      await client.end();
    }
  }
}

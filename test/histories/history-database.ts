import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { databaseServer } from '../../tools/embedded-postgres/embedded-postgres.js';
import { dropDatabase, migrateTemplate } from '../support/database.js';

/** A migrated database for one history, on its own server or the one that `DATABASE_URL` names. */
export async function openHistoryDatabase(): Promise<{ url: string; close(): Promise<void> }> {
  const server = await databaseServer();
  const name = `tti_history_${randomBytes(8).toString('hex')}`;
  const close = async () => {
    await dropDatabase(server.url, name);
    await server.stop();
  };
  try {
    await create(server.url, name);
    const url = new URL(server.url);
    url.pathname = `/${name}`;
    await migrateTemplate(url.href);
    return { url: url.href, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function create(serverUrl: string, name: string): Promise<void> {
  const client = new Client({ connectionString: serverUrl });
  await client.connect();
  try {
    await client.query(`CREATE DATABASE ${name} TEMPLATE template0`);
  } finally {
    await client.end();
  }
}

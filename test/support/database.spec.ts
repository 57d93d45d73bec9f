import { Client } from 'pg';
import { describe, expect, inject, it } from 'vitest';
import { ask, endOf } from '../../tools/embedded-postgres/spec-support/connections.js';
import { createDatabase, createEmptyDatabase } from './database.js';

describe('a database of a test file', () => {
  it('is one of many that are made at once from the template', async () => {
    const databases = await Promise.all(Array.from({ length: 8 }, () => createDatabase()));
    expect(new Set(databases.map(({ url }) => url)).size).toBe(8);
    await Promise.all(databases.map(({ url }) => ask(url, 'CREATE TABLE mine (id int)')));
    await Promise.all(databases.map((database) => database.drop()));
  });

  it('is dropped under a client that is connected, more than once if need be', async () => {
    const database = await createEmptyDatabase();
    const client = new Client({ connectionString: database.url });
    await client.connect();
    const lost = endOf(client);
    await database.drop();
    await lost;
    await database.drop();
    await expect(ask(database.url, 'SELECT 1')).rejects.toThrow('does not exist');
  });

  it('has no table when it is made without the template', async () => {
    const database = await createEmptyDatabase();
    const tables = await ask(database.url, `SELECT FROM pg_tables WHERE schemaname = 'public'`);
    await database.drop();
    expect(tables).toEqual([]);
  });

  it('comes from a template that lets no one in', async () => {
    const url = new URL(inject('databaseUrl'));
    url.pathname = inject('databaseTemplate');
    await expect(ask(url.href, 'SELECT 1')).rejects.toThrow('not currently accepting connections');
  });
});

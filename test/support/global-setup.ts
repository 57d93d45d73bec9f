import type { TestProject } from 'vitest/node';
import { databaseServer } from '../../tools/embedded-postgres/embedded-postgres.js';
import { createTemplate, dropDatabase } from './database.js';
import { rowOf } from './faults/row-of.js';

/** One PostgreSQL for the whole test run, with a migrated database that every test file copies. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await databaseServer();
  try {
    const template = await createTemplate(server.url);
    project.provide('databaseUrl', server.url);
    project.provide('databaseTemplate', template);
    project.provide('serverVersion', await versionOf(server.url));
    return async () => {
      // The server may be one that outlives this run.
      await dropDatabase(server.url, template);
      await server.stop();
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function versionOf(url: string): Promise<number> {
  const sql = "SELECT current_setting('server_version_num')::int AS version";
  return (await rowOf<{ version: number }>(url, sql)).version;
}

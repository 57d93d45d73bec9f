import type { TestProject } from 'vitest/node';
import { databaseServer } from '../../tools/embedded-postgres/embedded-postgres.js';
import { createTemplate, dropDatabase } from './database.js';

/** One PostgreSQL for the whole test run, with a migrated database that every test file copies. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await databaseServer();
  try {
    const template = await createTemplate(server.url);
    project.provide('databaseUrl', server.url);
    project.provide('databaseTemplate', template);
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

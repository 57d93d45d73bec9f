import { afterAll, beforeAll, expect, it } from 'vitest';
import { createApp, type TestApp } from '../support/create-app.js';
import { rowOf } from '../support/faults/row-of.js';
import { DatabaseAccess } from './database-access.js';
import { DatabasePair } from './database-pair.js';
import { HistoryController, NODE_SETTINGS } from './history.controller.js';

let databases: DatabasePair;
let database: DatabaseAccess;
let app: TestApp;

beforeAll(async () => {
  databases = await DatabasePair.open();
  app = await createApp({
    url: databases.url,
    controllers: [HistoryController],
    providers: [{ provide: NODE_SETTINGS, useValue: {} }],
    typeorm: { extra: { max: 1 } },
  });
});
afterAll(async () => {
  await app?.close();
  await database?.close();
  await databases?.close();
});

it('the application of the histories reports no write that an old primary has no row for', async () => {
  // A transaction that was forgotten before the old primary was made read-only may still write there.
  await app.post('/history/careless/transaction');
  await databases.leadAstray(false);
  await databases.promote();
  database = new DatabaseAccess(databases.primaryUrl);
  const id = await database.createUser('first password');

  const { status } = await app.post(`/history/${id}/activation`, undefined, { active: false });

  const sql = 'SELECT active FROM users WHERE id = $1';
  expect(await rowOf(databases.primaryUrl, sql, [id])).toEqual({ active: true });
  expect(status).toBe(500);
});

import { Pool } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { OwnPool } from '../../src/postgres/own-pool.js';
import { limitOf } from '../../src/postgres/time-limit.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { hangs, strikeAt } from '../support/faults/strike.js';

let database: TestDatabase;
let application: Pool;
let pool: OwnPool;

beforeAll(async () => {
  database = await createDatabase();
  application = new Pool({ connectionString: database.url });
  pool = new OwnPool(() => application as never, { max: 2, idleTimeoutMillis: 0 });
});

afterAll(async () => {
  await pool?.close();
  await application?.end();
  await database?.drop();
});

it('shares no open connection when the time for a new one is over', async () => {
  (await pool.acquire(limitOf(2000))).giveBack();
  // A timer may be early by a part of a millisecond, and a statement sent then would work without an answer in time.
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const disarm = strikeAt(Pool.prototype, 'connect', { strike: hangs });
    await expect(pool.acquire(limitOf(5))).rejects.toThrow('within the time limit');
    disarm();
  }
});

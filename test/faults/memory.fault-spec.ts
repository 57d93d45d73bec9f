import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp, type TestApp } from '../support/create-app.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { expectNothingUnhandled, expectRecovery } from '../support/faults/outages.js';
import { TcpProxy } from '../support/faults/tcp-proxy.js';
import { createUser } from '../support/users.js';

const AT_ONCE = 1000;
const ROUNDS = 20;
const WARM_UP = 5;
const MEGABYTE = 2 ** 20;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

describe('during an outage', () => {
  let database: TestDatabase;
  let proxy: TcpProxy;
  let app: TestApp;

  beforeAll(async () => {
    database = await createDatabase();
    proxy = await TcpProxy.open(database.url);
    app = await createApp({ url: proxy.url, module: { readTimeout: 0.2 } });
  });

  afterAll(async () => {
    await app?.close();
    await proxy?.close();
    await database?.drop();
  });

  expectNothingUnhandled();

  it.each([
    ['refuses', () => proxy.refuse()],
    ['is silent', async () => proxy.silence()],
    ['resets', async () => proxy.cutAfter(0)],
  ])('20,000 checks leave nothing behind while the database %s', async (_, strike) => {
    const token = app.issuer.issue(await createUser(app.dataSource));
    await expectRecovery(app, token);
    await strike();

    const used: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const checks = Array.from({ length: AT_ONCE }, () => app.verifier.verify(token));
      const outcomes = await Promise.allSettled(checks);
      expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
      collectGarbage();
      used.push(process.memoryUsage().heapUsed);
    }
    const early = median(used.slice(WARM_UP, WARM_UP + 5));
    const late = median(used.slice(-5));
    expect(late - early).toBeLessThan(MEGABYTE);
    // Those of the reads, and those of the application's pool.
    expect(proxy.connections).toBeLessThanOrEqual(2 + 10);

    await proxy.heal();
    await expectRecovery(app, token);
  });
});

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

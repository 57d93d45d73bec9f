import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp, type TestApp } from '../support/create-app.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import {
  expectNothingUnhandled,
  expectRecovery,
  UNAVAILABLE,
  versionOf,
} from '../support/faults/outages.js';
import { TcpProxy } from '../support/faults/tcp-proxy.js';
import { createUser } from '../support/users.js';

/** A prime, so that it falls on every part of the messages. */
const STEP = 7;

describe('an answer of the database that is cut off anywhere', () => {
  let database: TestDatabase;
  let proxy: TcpProxy;
  let app: TestApp;

  beforeAll(async () => {
    database = await createDatabase();
    proxy = await TcpProxy.open(database.url);
    app = await createApp({ url: proxy.url });
  });

  afterAll(async () => {
    await app?.close();
    await proxy?.close();
    await database?.drop();
  });

  expectNothingUnhandled();

  it('fails the check with 503 and nothing else', async () => {
    const token = app.issuer.issue(await createUser(app.dataSource));
    const cuts = await cutEverywhere(async () => {
      const answer = await app.ask(token);
      expect([200, UNAVAILABLE]).toContain(answer);
      return answer === 200;
    }, token);
    expect(cuts).toBeGreaterThan(10);
  });

  it('never lets an invalidation succeed that is not committed', async () => {
    const asking = app.issuer.issue(await createUser(app.dataSource));
    const { id } = await createUser(app.dataSource);
    const cuts = await cutEverywhere(async () => {
      const before = await versionOf(database.url, id);
      const outcome = await app.invalidator.logoutEverywhere(id).then(
        (receipt) => receipt.version,
        (error: Error) => error.name,
      );
      const after = await versionOf(database.url, id);
      expect(after).toBe(before + 1);
      expect([after, 'TokenStateUnavailableError']).toContain(outcome);
      return outcome === after;
    }, asking);
    expect(cuts).toBeGreaterThan(10);
  });

  /** Cuts the answer off a few bytes later each time, until all of it comes through. Returns how often. */
  async function cutEverywhere(attempt: () => Promise<boolean>, token: string): Promise<number> {
    for (let cuts = 0; cuts < 300; cuts++) {
      await expectRecovery(app, token);
      // A connection of the application's pool too, so that it is the invalidation's answer which is cut.
      await app.dataSource.query('SELECT 1');
      proxy.cutAfter(cuts * STEP);
      const succeeded = await attempt();
      await proxy.heal();
      if (succeeded) return cuts;
    }
    throw new Error('The answer never came through.');
  }
});

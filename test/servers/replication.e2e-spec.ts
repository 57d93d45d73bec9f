import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type RunningPostgres,
  startPostgres,
} from '../../tools/embedded-postgres/embedded-postgres.js';
import { createApp, type TestApp } from '../support/create-app.js';
import { migrateTemplate } from '../support/database.js';
import { rowOf, versionOf } from '../support/faults/row-of.js';
import { until } from '../support/until.js';
import { User } from '../support/user.entity.js';

describe('users that logical replication brings', () => {
  /** Where passwords are changed. */
  let publisher: RunningPostgres;
  /** Where the application runs. */
  let subscriber: RunningPostgres;
  let app: TestApp;

  beforeAll(async () => {
    [publisher, subscriber] = await Promise.all([startPostgres(), startPostgres()]);
    await rowOf(publisher.url, 'ALTER SYSTEM SET wal_level TO logical');
    await publisher.takeDown();
    await publisher.bringBack();
    await Promise.all([migrateTemplate(publisher.url), migrateTemplate(subscriber.url)]);
    await rowOf(publisher.url, 'CREATE PUBLICATION users FOR TABLE users');
    await rowOf(
      subscriber.url,
      `CREATE SUBSCRIPTION users CONNECTION '${publisher.url}' PUBLICATION users`,
    );
    app = await createApp({ url: subscriber.url });
  });
  afterAll(async () => {
    await app?.close();
    await subscriber?.stop();
    await publisher?.stop();
  });

  async function untilArrived(id: string, hash: string): Promise<void> {
    const sql = 'SELECT EXISTS (SELECT FROM users WHERE id = $1 AND password_hash = $2) AS arrived';
    await until('the row has arrived', async () => {
      return (await rowOf<{ arrived: boolean }>(subscriber.url, sql, [id, hash])).arrived;
    });
  }

  /** A user of the publisher who has arrived, and whose token is accepted. */
  async function login(): Promise<{ id: string; token: string }> {
    const { id } = await rowOf<{ id: string }>(
      publisher.url,
      "INSERT INTO users (email, password_hash) VALUES (gen_random_uuid(), 'old') RETURNING id",
    );
    await untilArrived(id, 'old');
    const user = await app.dataSource.manager.findOneByOrFail(User, { id });
    const token = app.issuer.issue(user);
    expect(await app.ask(token)).toBe(200);
    return { id, token };
  }

  async function changePassword(id: string): Promise<void> {
    await rowOf(publisher.url, "UPDATE users SET password_hash = 'new' WHERE id = $1", [id]);
    await untilArrived(id, 'new');
  }

  it('are logged out by a password that was changed there, with the version that it got there', async () => {
    const { id, token } = await login();
    await changePassword(id);
    expect(await app.ask(token)).toBe('401 password_changed');
    expect(await versionOf(publisher.url, id)).toBe(1);
    expect(await versionOf(subscriber.url, id)).toBe(1);
  });

  it('are logged out by a password that comes alone', async () => {
    await rowOf(publisher.url, 'ALTER TABLE users DISABLE TRIGGER USER');
    const { id, token } = await login();
    await changePassword(id);
    expect(await versionOf(publisher.url, id)).toBe(0);
    expect(await app.ask(token)).toBe('401 password_changed');
    await rowOf(publisher.url, 'ALTER TABLE users ENABLE ALWAYS TRIGGER zz_token_invalidation');
  });

  it('keep the version that they have here, whatever row comes', async () => {
    const { id, token } = await login();
    const { version } = await app.invalidator.logoutEverywhere(id);
    await changePassword(id);
    expect(await versionOf(subscriber.url, id)).toBeGreaterThan(version);
    expect(await app.ask(token)).toMatch(/^401 /);
  });
});

import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp, type TestApp } from './support/create-app.js';
import { createDatabase, type TestDatabase } from './support/database.js';
import { createUser } from './support/users.js';

const READ = /unnest\(/;

/** What the clients of the read connections were asked, in order: the names of the reads. */
const names: (string | undefined)[] = [];

class ObservedClient extends Client {
  // oxlint-disable-next-line typescript/no-explicit-any -- one of pg's many signatures
  override query(...query: any[]): any {
    const [config] = query as [{ text?: string; name?: string }];
    if (READ.test(config.text ?? '')) names.push(config.name);
    return (super.query as (...query: unknown[]) => unknown).apply(this, query);
  }
}

/** Forgets prepared statements behind the client's back, as a pooler does that hands on another server connection. */
class PooledClient extends ObservedClient {
  // oxlint-disable-next-line typescript/no-explicit-any -- one of pg's many signatures
  override query(...query: any[]): any {
    const [config] = query as [{ name?: string }];
    if (config.name !== undefined) void super.query({ text: 'DEALLOCATE ALL' });
    return super.query(...query);
  }
}

describe.each([
  ['a database', ObservedClient],
  ['a pooler that knows no prepared statements', PooledClient],
])('the prepared read, at %s', (_, ClientClass) => {
  let database: TestDatabase;
  let app: TestApp;
  let token: string;

  beforeAll(async () => {
    database = await createDatabase();
    app = await createApp({ url: database.url, typeorm: { extra: { Client: ClientClass } } });
    token = app.issuer.issue(await createUser(app.dataSource));
    names.length = 0;
  });

  afterAll(async () => {
    await app?.close();
    await database?.drop();
  });

  it('answers every request', async () => {
    for (let request = 0; request < 5; request += 1) expect(await app.ask(token)).toBe(200);
  });

  it('answers also when a column of the user has got another type', async () => {
    await app.dataSource.query('ALTER TABLE users ALTER COLUMN role TYPE varchar(40)');
    for (let request = 0; request < 5; request += 1) expect(await app.ask(token)).toBe(200);
  });

  it('is named by its text, and goes without a name where that does not work', () => {
    const named = names.filter((name) => name !== undefined);
    expect(named.every((name) => /^token_state_[0-9a-f]{24}$/.test(name))).toBe(true);
    const prepared = ClientClass === ObservedClient;
    // The first read prepares, the second finds that the statement is gone.
    expect(named).toHaveLength(prepared ? 10 : 2);
    expect(names.length - named.length).toBe(prepared ? 1 : 9);
  });
});

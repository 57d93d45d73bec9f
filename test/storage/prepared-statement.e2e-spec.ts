import { randomUUID } from 'node:crypto';
import { TokenStateStore } from 'nestjs-token-invalidation';
import { Client } from 'pg';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { createApp } from '../support/create-app.js';
import { createDatabase } from '../support/database.js';
import { useApp } from '../support/use-app.js';
import { createUser } from '../support/users.js';

const READ = / AS asked /;

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

/** Gets a server connection on which another client has prepared the same statement. */
class SecondHandClient extends ObservedClient {
  // oxlint-disable-next-line typescript/no-explicit-any -- one of pg's many signatures
  override query(...query: any[]): any {
    const [config] = query as [{ name?: string }];
    if (config.name !== undefined) void super.query({ text: `PREPARE ${config.name} AS SELECT 1` });
    return super.query(...query);
  }
}

describe.each([
  ['a database', ObservedClient, { named: 10, unnamed: 1 }],
  // The first read prepares, the second finds that the statement is gone.
  ['a pooler that forgets prepared statements', PooledClient, { named: 2, unnamed: 9 }],
  ['a pooler that hands on those of others', SecondHandClient, { named: 1, unnamed: 10 }],
])('the prepared read, at %s', (_, ClientClass, reads) => {
  // Nothing is tried again because the machine is busy: statements are counted.
  const app = useApp({
    module: { readTimeout: 60 },
    typeorm: { extra: { Client: ClientClass } },
  });
  let token: string;

  beforeAll(async () => {
    token = app().issuer.issue(await createUser(app().dataSource));
    names.length = 0;
  });

  it('answers every request', async () => {
    for (let request = 0; request < 5; request += 1) expect(await app().ask(token)).toBe(200);
  });

  it('answers also when a column of the user has got another type', async () => {
    await app().dataSource.query('ALTER TABLE users ALTER COLUMN role TYPE varchar(40)');
    for (let request = 0; request < 5; request += 1) expect(await app().ask(token)).toBe(200);
  });

  it('is named by its text, and goes without a name where that does not work', () => {
    const named = names.filter((name) => name !== undefined);
    expect(named.every((name) => /^token_state_[0-9a-f]{24}$/.test(name))).toBe(true);
    expect({ named: named.length, unnamed: names.length - named.length }).toEqual(reads);
  });
});

/** Remembers itself when it is a connection for reads. */
class ReadClient extends Client {
  static readonly known = new Set<Client>();

  // oxlint-disable-next-line typescript/no-explicit-any -- one of pg's many signatures
  override query(...query: any[]): any {
    const [config] = query as [{ text?: string }];
    if (READ.test(config.text ?? '')) ReadClient.known.add(this);
    return (super.query as (...query: unknown[]) => unknown).apply(this, query);
  }
}

/** Since version 14 a server counts the plans of a statement. */
const COUNTS_PLANS = inject('serverVersion') >= 140_000;

it.runIf(COUNTS_PLANS)(
  'is planned a few times and then no more, for one user and for several',
  async () => {
    const database = await createDatabase();
    const app = await createApp({
      url: database.url,
      module: { readTimeout: 60 },
      typeorm: { extra: { Client: ReadClient } },
    });
    try {
      const user = await createUser(app.dataSource);
      const token = app.issuer.issue(user);
      const { id } = user;
      // In a small table all plans cost the same.
      await app.dataSource.query(
        "INSERT INTO users (email, password_hash) SELECT n || '@example.com', '' FROM generate_series(1, 5000) AS n",
      );
      await app.dataSource.query('ANALYZE users');
      for (let request = 0; request < 20; request += 1) await app.ask(token);
      const store = app.app.get(TokenStateStore, { strict: false });
      const both = [{ subject: id }, { subject: randomUUID() }];
      for (let read = 0; read < 20; read += 1) await store.read(both, { timeoutMs: 60_000 });
      const [client] = ReadClient.known;
      const { rows } = await client!.query(
        "SELECT custom_plans::int AS own, generic_plans::int AS kept FROM pg_prepared_statements WHERE name LIKE 'token_state_%'",
      );
      // PostgreSQL makes a plan for the values at hand five times before it thinks of keeping one.
      expect(rows).toEqual([
        { own: 5, kept: 15 },
        { own: 5, kept: 15 },
      ]);
    } finally {
      await app.close();
      await database.drop();
    }
  },
);

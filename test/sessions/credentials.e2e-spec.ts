import { randomBytes } from 'node:crypto';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestApp } from '../support/create-app.js';
import { createSessionApp, SERVICE_CREDENTIAL } from '../support/sessions/session-app.js';
import { type Device, SessionClient } from '../support/sessions/session-client.js';
import { SessionDatabase } from '../support/sessions/session-database.js';
import { StatementCounter } from '../support/statement-counter.js';
import { createUser } from '../support/users.js';

let database: SessionDatabase;
let app: TestApp;
let client: SessionClient;
let device: Device;

beforeAll(async () => {
  database = await SessionDatabase.open();
  app = await createSessionApp({ url: database.url });
  client = new SessionClient(app.url);
  device = await client.logIn((await createUser(app.dataSource)).email, { label: 'Phone' });
});
afterAll(async () => {
  await app?.close();
  await database?.close();
});

const bytesOf = (refresh: string) => Buffer.from(refresh.slice(5), 'base64url');
const tokenOf = (bytes: Buffer) => `nti1_${bytes.toString('base64url')}`;

describe('T17 wrong kind', () => {
  it('nti1_ with one bit flipped, or in another spelling, is refused without a statement', async () => {
    const bits = Array.from({ length: bytesOf(device.refresh).length * 8 }, (_, bit) => {
      const bytes = bytesOf(device.refresh);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      return tokenOf(bytes);
    });
    const spellings = [`${device.refresh}=`, `${device.refresh} `, device.refresh.slice(0, -1)];
    const statements = new StatementCounter();
    const outcomes = new Set<string | number>();
    for (const token of [...bits, ...spellings, device.access]) {
      outcomes.add((await client.refresh(token)).outcome);
    }
    const sent = statements.count;
    statements.stop();
    expect([...outcomes]).toEqual(['401 refresh_invalid']);
    expect(sent).toBe(0);
    expect((await client.refresh(device.refresh)).outcome).toBe(200);
  });
});

/** Every value of the database, in every spelling in which it could be a credential. */
async function everySpelling(): Promise<string[]> {
  const values = new Set<string>();
  for (const table of [
    'users',
    'users_token_sessions',
    'users_token_invalidation',
    'users_revoked_tokens',
  ]) {
    for (const row of await database.query(`SELECT * FROM ${table}`)) {
      for (const value of Object.values(row)) {
        if (value === null) continue;
        const bytes = Buffer.isBuffer(value) ? value : Buffer.from(textOf(value));
        values.add(textOf(value));
        for (const encoding of ['hex', 'base64', 'base64url', 'latin1'] as const) {
          values.add(bytes.toString(encoding));
        }
        values.add(forged(bytes));
      }
    }
  }
  return [...values].filter((value) => value !== '' && !/[^\x20-\x7e]/.test(value));
}

function textOf(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'string' ? value : String(value);
}

/** A well-formed refresh token with this as its secret, and a MAC that nobody made. */
function forged(secret: Buffer): string {
  const bytes = bytesOf(device.refresh);
  Buffer.concat([secret, Buffer.alloc(16)]).copy(bytes, 25, 0, 16);
  randomBytes(32).copy(bytes, 41);
  return tokenOf(bytes);
}

describe('a copy of the database', () => {
  it('holds no credential: every value is refused at every endpoint', async () => {
    const { paths } = SwaggerModule.createDocument(app.app, new DocumentBuilder().build());
    const endpoints = Object.entries(paths)
      .filter(([path]) => path.startsWith('/auth/'))
      .flatMap(([path, methods]) => Object.keys(methods).map((method) => ({ path, method })));
    expect(endpoints.length).toBe(8);
    const accepted: string[] = [];
    for (const value of await everySpelling()) {
      for (const { path, method } of endpoints) {
        const url = path.replace('{id}', device.sid);
        const json = method === 'get' ? undefined : { refresh_token: value, token: value };
        const isService = path.endsWith('introspect');
        const authorization = isService ? SERVICE_CREDENTIAL : `Bearer ${value}`;
        const answer = await client.send(method.toUpperCase(), url, {
          json,
          headers: { authorization },
        });
        // To revoke what is no token is no error, and revokes nothing.
        const isRefused =
          answer.status === 401 ||
          (path.endsWith('revoke') && answer.status === 200) ||
          answer.body['active'] === false;
        if (!isRefused) accepted.push(`${method} ${path} ${value}`);
      }
    }
    expect(accepted).toEqual([]);
    expect(await client.check(device.access)).toBe(200);
    expect((await client.refresh(device.refresh)).outcome).toBe(200);
  }, 180_000);
});

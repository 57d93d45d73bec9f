import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SECRET } from '../support/app-settings.js';
import type { TestApp } from '../support/create-app.js';
import { endpointsOf } from '../support/endpoints-of.js';
import { HEADER, sign } from '../support/forge.js';
import { createSessionApp, SERVICE_CREDENTIAL } from '../support/sessions/session-app.js';
import { claimsOf, type Device, SessionClient } from '../support/sessions/session-client.js';
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

/** Every value of every table, as bytes. */
async function dump(): Promise<Buffer[]> {
  const tables = await database.query(
    "SELECT quote_ident(table_name) AS name FROM information_schema.tables WHERE table_schema = 'public'",
  );
  const rows = await Promise.all(
    tables.map(({ name }) => database.query(`SELECT * FROM ${String(name)}`)),
  );
  const values = rows.flat().flatMap((row) => Object.values(row));
  return values.filter((value) => value !== null).map(bytesIn);
}

function bytesIn(value: unknown): Buffer {
  if (Buffer.isBuffer(value)) return value;
  if (value instanceof Date) return Buffer.from(value.toISOString());
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
}

/** What each value could be as a credential: itself in every spelling, and the secret of a refresh token. */
function spellingsOf(value: Buffer): string[] {
  const spellings = (['utf8', 'hex', 'base64', 'base64url', 'latin1'] as const).map((encoding) =>
    value.toString(encoding),
  );
  return [...spellings, withSecret(value, () => randomBytes(32))];
}

/** A well-formed refresh token of the device's session with this as its secret. */
function withSecret(secret: Buffer, mac: (signed: Buffer) => Buffer): string {
  const bytes = bytesOf(device.refresh);
  Buffer.concat([secret, Buffer.alloc(16)]).copy(bytes, 25, 0, 16);
  mac(bytes.subarray(0, 41)).copy(bytes, 41);
  return tokenOf(bytes);
}

/** The access token of the device, whose claims are in the rows too, signed with this value. */
function signedWith(value: Buffer): string {
  const claims = JSON.stringify(claimsOf(device.access));
  return sign(JSON.stringify(HEADER), claims, value.toString());
}

/** Presents each as an access token and as a refresh token, everywhere. Where was one accepted? */
async function acceptedOf(credentials: readonly string[]): Promise<string[]> {
  const accepted: string[] = [];
  const sendable = new Set(credentials.filter((text) => /^[\x20-\x7e]+$/.test(text)));
  for (const credential of sendable) {
    for (const { method, path } of endpointsOf(app.app)) {
      const isService = path.endsWith('introspect');
      const answer = await client.send(method, path.replace('{id}', device.sid), {
        json: method === 'GET' ? undefined : { refresh_token: credential, token: credential },
        headers: { authorization: isService ? SERVICE_CREDENTIAL : `Bearer ${credential}` },
      });
      // To revoke what is no token is no error, and revokes nothing.
      const isRefused =
        answer.status === 401 ||
        (path.endsWith('revoke') && answer.status === 200) ||
        answer.body['active'] === false;
      if (!isRefused) accepted.push(`${method} ${path}`);
    }
  }
  return accepted;
}

const LONG = 600_000;

describe('a copy of the database', () => {
  it(
    'holds no credential: every value is refused at every endpoint',
    async () => {
      expect(endpointsOf(app.app)).toHaveLength(8);
      const values = await dump();
      expect(values.length).toBeGreaterThan(30);
      const credentials = [...values.flatMap(spellingsOf), ...values.map(signedWith)];
      expect(await acceptedOf(credentials)).toEqual([]);
      expect(await client.check(device.access)).toBe(200);
      expect((await client.refresh(device.refresh)).outcome).toBe(200);
    },
    LONG,
  );

  it(
    'with the key of refresh tokens is none either, without an old token',
    async () => {
      const key = hkdfSync('sha256', SECRET, '', 'nestjs-token-invalidation refresh token', 32);
      const macOf = (signed: Buffer) =>
        createHmac('sha256', Buffer.from(key)).update('nti1_').update(signed).digest();
      const outcomes = new Set<string | number>();
      for (const value of await dump()) {
        const forged = withSecret(value, macOf);
        outcomes.add((await client.refresh(forged)).outcome);
        // As after a logout: that there is no such session is no error, and ends none.
        await client.logout({ refresh: forged });
      }
      expect([...outcomes]).toEqual(['401 refresh_invalid']);
      expect(await client.check(device.access)).toBe(200);
      // What is missing is the secret, which is in tokens alone.
      const secret = bytesOf(device.refresh).subarray(25, 41);
      expect(withSecret(secret, macOf)).toBe(device.refresh);
      expect((await client.refresh(withSecret(secret, macOf))).outcome).toBe(200);
    },
    LONG,
  );

  it(
    'would hold one, and be found here, if the key of access tokens was in a row',
    async () => {
      const { email } = await createUser(app.dataSource);
      await client.logIn(email, { label: SECRET });
      const credentials = (await dump()).map(signedWith);
      expect(await acceptedOf(credentials)).not.toEqual([]);
    },
    LONG,
  );
});

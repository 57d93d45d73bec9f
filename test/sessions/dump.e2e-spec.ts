import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SECRET } from '../support/app-settings.js';
import type { TestApp } from '../support/create-app.js';
import { type Endpoint, endpointsOf } from '../support/endpoints-of.js';
import { HEADER, sign } from '../support/forge.js';
import { createSessionApp, SERVICE_CREDENTIAL } from '../support/sessions/session-app.js';
import { claimsOf, type Device, SessionClient } from '../support/sessions/session-client.js';
import { SessionDatabase } from '../support/sessions/session-database.js';
import type { Answer } from '../support/test-client.js';
import { createUser } from '../support/users.js';

/** For refresh tokens alone, so that nothing else opens with it. */
const REFRESH_SECRET = 'another secret of at least thirty-two bytes';

/** Thousands of requests, on a machine that may be busy. */
const PATIENT = { timeout: 1_800_000 };

let database: SessionDatabase;
/** Takes refresh tokens in bodies. */
let app: TestApp;
let client: SessionClient;
/** Takes them in cookies, from the same database. */
let cookieApp: TestApp;
let browser: SessionClient;
/** Has its second refresh token. */
let device: Device;
/** Its first one, which a thief may have kept. */
let old: string;

beforeAll(async () => {
  database = await SessionDatabase.open();
  const settings = { url: database.url, sessions: { keys: [REFRESH_SECRET] } };
  app = await createSessionApp(settings);
  client = new SessionClient(app.url);
  cookieApp = await createSessionApp({ ...settings, refreshCookie: true });
  browser = new SessionClient(cookieApp.url);
});
afterAll(async () => {
  await app?.close();
  await cookieApp?.close();
  await database?.close();
});
beforeEach(async () => {
  const first = await client.logIn((await createUser(app.dataSource)).email, { label: 'Phone' });
  await database.age(first.sid, 61);
  const { access, refresh } = await client.refresh(first.refresh);
  device = { access, refresh: refresh!, sid: first.sid };
  old = first.refresh;
  await client.post('/device/revoke-this-token', first.access);
});

/** Every value of every table, as bytes, each once. */
async function dump(): Promise<Buffer[]> {
  const tables = await database.query(
    "SELECT quote_ident(table_name) AS name FROM information_schema.tables WHERE table_schema = 'public'",
  );
  const rows = await Promise.all(
    tables.map(({ name }) => database.query(`SELECT * FROM ${String(name)}`)),
  );
  const values = rows.flat().flatMap((row) => Object.values(row));
  const bytes = values.filter((value) => value !== null).map(bytesIn);
  return [...new Map(bytes.map((value) => [value.toString('hex'), value])).values()];
}

function bytesIn(value: unknown): Buffer {
  if (Buffer.isBuffer(value)) return value;
  if (value instanceof Date) return Buffer.from(value.toISOString());
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
}

type Mac = (signed: Buffer) => Buffer;

const macWith =
  (key: Uint8Array): Mac =>
  (signed) =>
    createHmac('sha256', key).update('nti1_').update(signed).digest();

/** As the library makes a key of a secret. */
const derivedFrom = (secret: Buffer) =>
  new Uint8Array(hkdfSync('sha256', secret, '', 'nestjs-token-invalidation refresh token', 32));

/** The device's refresh token with another secret and MAC. */
function withSecret(secret: Buffer, mac: Mac): string {
  const bytes = Buffer.from(device.refresh.slice(5), 'base64url');
  Buffer.concat([secret, Buffer.alloc(16)]).copy(bytes, 25, 0, 16);
  mac(bytes.subarray(0, 41)).copy(bytes, 41);
  return `nti1_${bytes.toString('base64url')}`;
}

/** The secret of a session, which is in its tokens alone. */
const secretIn = (refresh: string) => Buffer.from(refresh.slice(5), 'base64url').subarray(25, 41);

/** The access token of the device, whose claims are in the rows too, signed with this value. */
function signedWith(value: Buffer): string {
  return sign(JSON.stringify(HEADER), JSON.stringify(claimsOf(device.access)), value.toString());
}

/** What a value could be: a credential in some spelling, the secret of a session, or a key. */
function credentialsOf(value: Buffer): string[] {
  const spellings = (['utf8', 'hex', 'base64', 'base64url', 'latin1'] as const).map((encoding) =>
    value.toString(encoding),
  );
  return [
    ...spellings,
    withSecret(value, () => randomBytes(32)),
    signedWith(value),
    // The old token, made the current one.
    withSecret(secretIn(old), macWith(value)),
    withSecret(secretIn(old), macWith(derivedFrom(value))),
  ];
}

/** A way to present a credential. */
interface Attempt {
  readonly as: string;
  readonly to: SessionClient;
  readonly json: object;
  readonly headers: Record<string, string>;
}

function attempts({ path }: Endpoint, credential: string): Attempt[] {
  const json = { refresh_token: credential, token: credential };
  const isService = path.endsWith('introspect');
  const authorization = isService ? SERVICE_CREDENTIAL : `Bearer ${credential}`;
  const cookie = `__Secure-refresh_token=${credential}`;
  return [
    { as: 'token', to: client, json, headers: { authorization } },
    { as: 'cookie', to: browser, json, headers: { cookie } },
    ...(/introspect$|revoke$/.test(path) ? attemptsAsCaller(credential) : []),
  ];
}

/** As a service, which asks about a token that is live. */
function attemptsAsCaller(credential: string): Attempt[] {
  const basic = `Basic ${Buffer.from(credential).toString('base64')}`;
  return [credential, basic, `Bearer ${credential}`].map((authorization) => ({
    as: 'caller',
    to: client,
    json: { token: device.access },
    headers: { authorization },
  }));
}

function isRefused({ path }: Endpoint, { as }: Attempt, { status, body }: Answer): boolean {
  if (status === 401) return true;
  if (as === 'caller') return false;
  // To revoke what is no token is no error, and revokes nothing.
  return (path.endsWith('revoke') && status === 200) || body['active'] === false;
}

/** Presents each of them everywhere. Where was one accepted, and as what? */
async function acceptedOf(credentials: readonly string[]): Promise<string[]> {
  const accepted = new Set<string>();
  const endpoints = endpointsOf(app.app);
  const sendable = new Set(credentials.filter((text) => /^[\x20-\x7e]+$/.test(text)));
  for (const credential of sendable) {
    for (const endpoint of endpoints) {
      const { method } = endpoint;
      const path = endpoint.path.replace('{id}', device.sid);
      for (const attempt of attempts(endpoint, credential)) {
        const { json, headers } = attempt;
        const parts = { headers, ...(method !== 'GET' && { json }) };
        const answer = await attempt.to.send(method, path, parts);
        if (!isRefused(endpoint, attempt, answer)) {
          accepted.add(`${method} ${endpoint.path} as ${attempt.as}`);
        }
      }
    }
  }
  return [...accepted];
}

describe('a copy of the database', PATIENT, () => {
  it('holds no credential, and no key to make one of an old token', async () => {
    expect(endpointsOf(app.app)).toHaveLength(8);
    const values = await dump();
    expect(values.length).toBeGreaterThan(20);
    expect(await acceptedOf(values.flatMap(credentialsOf))).toEqual([]);
    expect(await client.check(device.access)).toBe(200);
    expect((await client.refresh(device.refresh)).outcome).toBe(200);
  });

  it('with the key of refresh tokens is none either, without an old token', async () => {
    const mac = macWith(derivedFrom(Buffer.from(REFRESH_SECRET)));
    const forged = (await dump()).map((value) => withSecret(value, mac));
    // As after a logout: that there is no such session is no error, and ends none.
    expect(await acceptedOf(forged)).toEqual([
      'POST /auth/logout as token',
      'POST /auth/logout as cookie',
    ]);
    expect(await client.check(device.access)).toBe(200);
    // What is missing is the secret.
    expect(withSecret(secretIn(old), mac)).toBe(device.refresh);
    expect((await client.refresh(device.refresh)).outcome).toBe(200);
  });

  const REFRESH = ['refresh as token', 'refresh as cookie', 'logout as token', 'logout as cookie'];
  it.each<[name: string, value: () => string, accepted: string[]]>([
    ['the key of access tokens', () => SECRET, ['logout-everywhere as token']],
    ['the key of refresh tokens', () => REFRESH_SECRET, REFRESH],
    ['a refresh token', () => device.refresh, REFRESH],
    ['a service’s credential', () => 'orders:s3cret', ['revoke as caller', 'introspect as caller']],
  ])('would hold one, and be found here, if %s was in a row', async (_, value, accepted) => {
    const known = new Set((await dump()).map((each) => each.toString('hex')));
    await database.pastTrigger('SET user_agent = $2 WHERE id = $1', device.sid, value());
    const more = (await dump()).filter((each) => !known.has(each.toString('hex')));
    expect(more).toHaveLength(1);
    expect(await acceptedOf(more.flatMap(credentialsOf))).toEqual(
      accepted.map((place) => `POST /auth/${place}`),
    );
  });
});

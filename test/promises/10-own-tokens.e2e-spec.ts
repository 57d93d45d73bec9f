import { createHmac, createSign, generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TokenInvalidationModule, type TokenInvalidationOptions } from 'nestjs-token-invalidation';
import { typeOrmStore } from 'nestjs-token-invalidation/typeorm';
import { createApp, SECRET, type TestApp } from '../support/create-app.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { encode, forge, goodClaims, HEADER, sign } from '../support/forge.js';
import { useApp } from '../support/use-app.js';
import { User } from '../support/user.entity.js';
import { createUser, PASSWORD } from '../support/users.js';

describe('promise 10: only tokens of our own are accepted', () => {
  const app = useApp();
  let user: User;
  let token: string;

  beforeAll(async () => {
    user = await createUser(app().dataSource);
    token = await app().login(user.email, PASSWORD);
  });

  it('what makes the rest a test: the forger knows how to make a token that is accepted', async () => {
    expect(await app().ask(forge({ sub: user.id, ver: 0 }))).toBe(200);
  });

  const claims = (): object => ({ ...goodClaims(), sub: user.id, ver: 0 });
  const withHeader = (header: object): string => forge({ sub: user.id, ver: 0 }, header);

  it.each(['none', 'None', 'NONE', 'nOnE'])('not alg %s', async (alg) => {
    const header = encode(JSON.stringify({ ...HEADER, alg }));
    const payload = encode(JSON.stringify(claims()));
    expect(await app().ask(`${header}.${payload}.`)).toBe('401 token_invalid');
    expect(await app().ask(`${header}.${payload}.x`)).toBe('401 token_invalid');
  });

  it('not the signature of another secret, or none', async () => {
    const [header, payload] = token.split('.');
    const other = sign(JSON.stringify(HEADER), JSON.stringify(claims()), `not ${SECRET}`);
    expect(await app().ask(other)).toBe('401 token_invalid');
    expect(await app().ask(`${header}.${payload}.`)).toBe('401 token_invalid');
    expect(await app().ask(`${header}.${payload}`)).toBe('401 token_invalid');
  });

  it('not a payload that was changed after signing', async () => {
    const [header, , signature] = token.split('.');
    const payload = encode(JSON.stringify({ ...claims(), role: 'admin' }));
    const changed = `${header}.${payload}.${signature}`;
    expect(await app().ask(changed)).toBe('401 token_invalid');
    // From here on, the token that the signature belongs to is remembered.
    expect(await app().ask(token)).toBe(200);
    expect(await app().ask(changed)).toBe('401 token_invalid');
  });

  it('not another algorithm of the same secret', async () => {
    const input = `${encode(JSON.stringify({ ...HEADER, alg: 'HS512' }))}.${encode(JSON.stringify(claims()))}`;
    const signature = createHmac('sha512', SECRET).update(input).digest('base64url');
    expect(await app().ask(`${input}.${signature}`)).toBe('401 token_invalid');
  });

  it.each([
    ['unknown', 'another'],
    ['a path', '../../../../dev/null'],
    ['SQL', "' UNION SELECT 'secret'"],
    ['of Object', '__proto__'],
    ['constructor', 'constructor'],
    ['empty', ''],
    ['a number', 1],
    ['a list', [HEADER.kid]],
    ['an object', { toString: HEADER.kid }],
    ['null', null],
    ['long', 'k'.repeat(4_000)],
  ])('not a kid that is %s', async (_, kid) => {
    expect(await app().ask(withHeader({ ...HEADER, kid }))).toBe('401 token_invalid');
  });

  it.each([undefined, null, '', 'users', 'public.people', ['public.users']])(
    'not the realm %j',
    async (realm) => {
      expect(await app().ask(forge({ sub: user.id, ver: 0, realm }))).toBe('401 token_invalid');
    },
  );

  it('not without a kid', async () => {
    const { alg, typ } = HEADER;
    expect(await app().ask(withHeader({ alg, typ }))).toBe('401 token_invalid');
  });

  it.each(['JWT', 'jwt', '', 'id+jwt', 'at+jwt ', 1, null, ['at+jwt'], { at: 'jwt' }])(
    'not typ %j',
    async (typ) => {
      expect(await app().ask(withHeader({ ...HEADER, typ }))).toBe('401 token_invalid');
    },
  );

  it.each(['at+jwt', 'AT+JWT', 'application/at+jwt'])('but typ %s', async (typ) => {
    expect(await app().ask(withHeader({ ...HEADER, typ }))).toBe(200);
  });

  it('not a key that the token brings along, or says where to find', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const jwk = publicKey.export({ format: 'jwk' });
    for (const extra of [
      { jwk },
      { jku: 'http://127.0.0.1:1/jwks' },
      { x5u: 'http://127.0.0.1:1' },
    ]) {
      const header = encode(JSON.stringify({ ...HEADER, alg: 'RS256', ...extra }));
      const input = `${header}.${encode(JSON.stringify(claims()))}`;
      const signature = createSign('sha256').update(input).sign(privateKey, 'base64url');
      expect(await app().ask(`${input}.${signature}`)).toBe('401 token_invalid');
    }
  });

  it('not an extension that must be understood', async () => {
    const header = { ...HEADER, crit: ['b64'], b64: false };
    expect(await app().ask(withHeader(header))).toBe('401 token_invalid');
  });

  it.each([
    ['an array', '[1]'],
    ['null', 'null'],
    ['a number', '1'],
    ['text', '"text"'],
    ['nothing', ''],
    ['no JSON', '{'],
    ['an empty object', '{}'],
  ])('not a payload that is %s', async (_, payload) => {
    expect(await app().ask(sign(JSON.stringify(HEADER), payload))).toMatch(
      /^401 (claims|token)_invalid$/,
    );
  });

  it.each(['', null, undefined])('not the lack of one: %j', async (text) => {
    const verdict = await app().verifier.verify(text);
    expect(verdict).toEqual({ accepted: false, reason: 'token_missing' });
  });

  it.each(['.', '..', '...', 'a.b', 'a.b.c', 'a.b.c.d', 'a.b.c.d.e', '💥', 'null', '{}'])(
    'not %j',
    async (text) => {
      const verdict = await app().verifier.verify(text);
      expect(verdict).toMatchObject({ accepted: false, reason: 'token_invalid' });
    },
  );

  it('not a token of a megabyte, and no time is spent on it', async () => {
    const huge = forge({ sub: user.id, ver: 0, filler: 'x'.repeat(1_000_000) });
    expect(await app().verifier.verify(huge)).toMatchObject({ reason: 'token_invalid' });
  });
});

const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 });
const PEM = {
  private: RSA.privateKey.export({ format: 'pem', type: 'pkcs8' }) as string,
  public: RSA.publicKey.export({ format: 'pem', type: 'spki' }) as string,
};

describe('promise 10: a key pair', () => {
  const app = useApp({ module: { keys: [{ privateKey: PEM.private, kid: 'rsa' }] } });

  it('signs and verifies', async () => {
    const user = await createUser(app().dataSource);
    expect(await app().ask(await app().login(user.email, PASSWORD))).toBe(200);
  });

  it('is no HMAC secret to an attacker who knows the public half', async () => {
    const user = await createUser(app().dataSource);
    const header = JSON.stringify({ alg: 'HS256', typ: 'at+jwt', kid: 'rsa' });
    const payload = JSON.stringify({ ...goodClaims(), sub: user.id, ver: 0 });
    for (const secret of [PEM.public, PEM.public.trim()]) {
      expect(await app().ask(sign(header, payload, secret))).toBe('401 token_invalid');
    }
  });

  it('signs with its own algorithm only', async () => {
    const user = await createUser(app().dataSource);
    const header = encode(JSON.stringify({ alg: 'RS512', typ: 'at+jwt', kid: 'rsa' }));
    const input = `${header}.${encode(JSON.stringify({ ...goodClaims(), sub: user.id, ver: 0 }))}`;
    const signature = createSign('sha512').update(input).sign(RSA.privateKey, 'base64url');
    expect(await app().ask(`${input}.${signature}`)).toBe('401 token_invalid');
  });
});

describe('promise 10: two secrets, each with its algorithm', () => {
  const longer = SECRET.padEnd(64, '!');
  const app = useApp({
    module: {
      keys: [
        { secret: longer, kid: 'short', algorithm: 'HS256' },
        { secret: `${longer}, another`, kid: 'long', algorithm: 'HS512' },
      ],
    },
  });

  it('a key signs with its own and not with the other’s', async () => {
    const user = await createUser(app().dataSource);
    const payload = encode(JSON.stringify({ ...goodClaims(), sub: user.id, ver: 0 }));
    const signed = (alg: string, hash: string): string => {
      const header = { alg, typ: 'at+jwt', kid: 'short' };
      const input = `${encode(JSON.stringify(header))}.${payload}`;
      return `${input}.${createHmac(hash, longer).update(input).digest('base64url')}`;
    };
    expect(await app().ask(signed('HS256', 'sha256'))).toBe(200);
    expect(await app().ask(signed('HS512', 'sha512'))).toBe('401 token_invalid');
  });
});

describe('promise 10: issuer and audience', () => {
  const settings = { issuer: 'https://issuer.example', audience: ['api', 'admin'] };
  const app = useApp({ module: settings });

  it('are in a token and asked of it', async () => {
    const user = await createUser(app().dataSource);
    const token = await app().login(user.email, PASSWORD);
    expect(await app().ask(token)).toBe(200);
    const base = { sub: user.id, ver: 0, iss: settings.issuer, aud: 'admin' };
    expect(await app().ask(forge(base))).toBe(200);
    const wrong = [
      { ...base, iss: 'https://other.example' },
      { ...base, iss: undefined },
      { ...base, iss: [settings.issuer] },
      { ...base, aud: 'other' },
      { ...base, aud: undefined },
      { ...base, aud: [] },
    ];
    for (const claims of wrong) expect(await app().ask(forge(claims))).toBe('401 token_invalid');
  });
});

describe('promise 10: rotating keys', () => {
  let database: TestDatabase;
  const apps: TestApp[] = [];

  beforeAll(async () => {
    database = await createDatabase();
  });

  afterAll(async () => {
    await Promise.all(apps.map((app) => app.close()));
    await database?.drop();
  });

  it('logs nobody out until the old key is taken away', async () => {
    const oldKey = { secret: SECRET };
    const newKey = { privateKey: PEM.private };
    const before = await start({ keys: [oldKey] });
    const during = await start({ keys: [newKey, oldKey] });
    const after = await start({ keys: [newKey] });
    const user = await createUser(before.dataSource);
    const oldToken = before.issuer.issue(user);
    const newToken = during.issuer.issue(user);

    expect([await during.ask(oldToken), await during.ask(newToken)]).toEqual([200, 200]);
    expect([await after.ask(oldToken), await after.ask(newToken)]).toEqual([
      '401 token_invalid',
      200,
    ]);
    expect(await before.ask(newToken)).toBe('401 token_invalid');
  });

  async function start(module: TokenInvalidationOptions): Promise<TestApp> {
    const app = await createApp({ url: database.url, module });
    apps.push(app);
    return app;
  }
});

describe('promise 10: what would be weak stops the boot', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createDatabase();
  });

  afterAll(() => database?.drop());

  it.each<[string, TokenInvalidationOptions, RegExp]>([
    ['a short secret', { secret: 'changeme' }, /8 bytes and HS256 needs at least 32.*openssl rand/],
    ['an empty secret', { secret: '' }, / - secret: is empty: generate one/],
    ['no secret', {}, / - secret: is empty: generate one/],
    ['a public key as secret', { secret: PEM.public }, /is a public or private key, not a secret/],
    [
      'an algorithm that does not fit the key',
      { keys: [{ privateKey: PEM.private, algorithm: 'HS256' }] },
      /keys\[0\]: HS256 takes a secret and was given a rsa key/,
    ],
    [
      'an algorithm that jsonwebtoken lacks',
      { keys: [{ privateKey: generateKeyPairSync('ed25519').privateKey }] },
      /jsonwebtoken cannot use a key of type ed25519 \(EdDSA among them\): use an EC key/,
    ],
  ])('%s', async (_, keys, message) => {
    const module = TokenInvalidationModule.forRoot({
      store: typeOrmStore({ entity: User }),
      ...keys,
    });
    const boot = createApp({ url: database.url, tokenModule: module });
    await expect(boot).rejects.toThrow(message);
  });
});

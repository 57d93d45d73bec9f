import { createHmac } from 'node:crypto';
import type { ExtraClaims } from 'nestjs-token-invalidation';
import { beforeAll, describe, expect, it } from 'vitest';
import { PLATFORMS, SECRET } from '../support/create-app.js';
import { encode, goodClaims, HEADER, sign } from '../support/forge.js';
import { HOSTILE_ALGORITHMS, keyUnderAttack } from '../support/hostile/keys.js';
import { useApp } from '../support/use-app.js';
import type { User } from '../support/user.entity.js';
import { createUser } from '../support/users.js';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** The token with each of the characters that its last one may be, and as its ECDSA twin with n - s for s. */
function spellings(token: string): string[] {
  const all = [token, ...twins(token)];
  return all.flatMap((one) => Array.from(ALPHABET, (last) => one.slice(0, -1) + last));
}

function twins(token: string): string[] {
  const [header, payload, signature] = token.split('.') as [string, string, string];
  const bytes = Buffer.from(signature, 'base64url');
  if (bytes.length !== 64) return [];
  const s = P256_ORDER - BigInt(`0x${bytes.subarray(32).toString('hex')}`);
  const other = Buffer.from(s.toString(16).padStart(64, '0'), 'hex');
  const twin = Buffer.concat([bytes.subarray(0, 32), other]);
  return [`${header}.${payload}.${twin.toString('base64url')}`];
}

describe.each(HOSTILE_ALGORITHMS)('the spellings of one signature (%s)', (alg) => {
  const app = useApp({ module: { keys: [keyUnderAttack(alg).options] } });
  // 2 bits of the last character of 32 bytes say nothing, 4 of that of 64 or of 256 bytes; HMACs compare as text.
  const accepted = { HS256: 1, RS256: 16, PS256: 16, ES256: 32 }[alg];

  it('are one token: they live together and die together', async () => {
    const user = await createUser(app().dataSource);
    const all = spellings(app().issuer.issue(user));
    const lives = async () => {
      const verdicts = await Promise.all(all.map((token) => app().verifier.verify(token)));
      return verdicts.filter((verdict) => verdict.accepted);
    };

    const before = await lives();
    expect(before).toHaveLength(accepted);
    for (const { user: found } of before) expect(found.id).toBe(user.id);

    await app().invalidator.logoutEverywhere(user.id);
    expect(await lives()).toEqual([]);
  });
});

const POLLUTION = `"__proto__":{"polluted":"yes","role":"admin","iss":"evil","sub":"another"},
  "constructor":{"prototype":{"polluted":"yes"}},"prototype":{"polluted":"yes"}`;

describe.each(PLATFORMS)('claims that would pollute a prototype (%s)', (platform) => {
  const issuer = 'https://issuer.example';
  const app = useApp({ platform, module: { issuer } });
  let user: User;
  let token: string;

  beforeAll(async () => {
    user = await createUser(app().dataSource);
    const claims = JSON.stringify({ ...goodClaims(), sub: user.id, ver: 0, iss: issuer });
    token = sign(JSON.stringify(HEADER), `{${POLLUTION},${claims.slice(1)}`);
  });

  it('are claims like any other, and say nothing under other names', async () => {
    const verdict = await app().verifier.verify(token);
    if (!verdict.accepted) throw new Error(verdict.reason);
    expect(Object.getPrototypeOf(verdict.claims)).toBe(Object.prototype);
    expect(verdict.claims).toMatchObject({ sub: user.id, iss: issuer });
    expect([verdict.claims['polluted'], verdict.claims['role']]).toEqual([undefined, undefined]);
    expect(verdict.user).toMatchObject({ id: user.id, role: 'member' });
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });

  it('reach a route as they were signed', async () => {
    const { status, body } = await app().get('/auth/claims', token);
    expect(status).toBe(200);
    expect(Object.keys(body)).toEqual(
      expect.arrayContaining(['__proto__', 'constructor', 'prototype', 'sub']),
    );
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'are not signed by the issuer: %s',
    (name) => {
      const claims = JSON.parse(`{"${name}":{"sub":"another","iss":"evil"}}`) as ExtraClaims;
      expect(() => app().issuer.issue(user, { claims })).toThrow(
        `The claims ${name} clash with built-in object properties. Rename them.`,
      );
    },
  );

  it('are left out of the token of a device that stays in, and the others are not', async () => {
    const answer = await app().post('/auth/logout-everywhere', token, { keepThisDevice: true });
    expect(answer.status).toBe(200);
    const verdict = await app().verifier.verify(answer.body['access_token'] as string);
    if (!verdict.accepted) throw new Error(verdict.reason);
    expect(verdict.claims).toMatchObject({ sub: user.id, iss: issuer, ver: 1, prototype: {} });
    expect(Object.keys(verdict.claims)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/__proto__|constructor/)]),
    );
  });
});

describe('a claim that only the issuer may set', () => {
  const app = useApp();
  let user: User;

  beforeAll(async () => {
    user = await createUser(app().dataSource);
  });

  it.each(['sub', 'ver', 'iat', 'exp', 'nbf', 'jti', 'auth_time', 'iss', 'aud'])(
    'is not taken from an application: %s',
    async (name) => {
      const own = JSON.parse(`{"${name}":"another"}`) as ExtraClaims;
      const bare = Object.assign(Object.create(null) as ExtraClaims, own);
      for (const claims of [own, bare]) {
        expect(() => app().issuer.issue(user, { claims })).toThrow(TypeError);
      }

      const inherited = app().issuer.issue(user, { claims: Object.create(own) as ExtraClaims });
      expect(await app().verifier.verify(inherited)).toMatchObject({ claims: { sub: user.id } });
      expect(Buffer.from(inherited.split('.')[1]!, 'base64url').toString()).not.toContain(
        'another',
      );
    },
  );
});

describe('a payload of our own signature that is strange', () => {
  const HUGE = '9'.repeat(5000);
  const DEEP = '['.repeat(4000) + ']'.repeat(4000);
  const app = useApp();
  let user: User;

  beforeAll(async () => {
    user = await createUser(app().dataSource);
  });

  it.each([
    ['a version that an exponent makes infinite', '"ver":1e999', '401 claims_invalid'],
    ['a version of 5000 digits', `"ver":${HUGE}`, '401 claims_invalid'],
    ['a version above what a number can count', '"ver":9007199254740993', '401 claims_invalid'],
    ['a version that is hardly no whole number', '"ver":0.0000001', '401 claims_invalid'],
    ['a version that is nearly 0 and so is 0', '"ver":1e-999', 200],
    ['a version of -0', '"ver":-0', 200],
    ['an iat of 5000 digits', `"iat":${HUGE}`, '401 claims_invalid'],
    ['an iat far ahead', '"iat":1e300', '401 issued_in_future'],
    ['an exp that is infinite', '"exp":1e999', '401 claims_invalid'],
    ['a subject given twice, the last one another', '"sub":"another"', '401 user_unknown'],
    ['a version given twice, the last one ahead', '"ver":1', '401 version_ahead'],
    ['lists within lists', `"deep":${DEEP}`, 200],
    ['a name of NUL', '"\\u0000":1', 200],
    ['a lone surrogate', '"a":"\\ud800"', 200],
  ])('is judged by what JSON.parse makes of it: %s', async (_, claim, expected) => {
    const claims = JSON.stringify({ ...goodClaims(), sub: user.id, ver: 0 });
    const token = sign(JSON.stringify(HEADER), `${claims.slice(0, -1)},${claim}}`);
    expect(await app().ask(token)).toBe(expected);
  });

  it('is nobody’s when its bytes are no UTF-8 where the subject stands', async () => {
    const { sub, ...rest } = { ...goodClaims(), ver: 0, sub: 'SUBJECT' };
    const [before, after] = JSON.stringify({ ...rest, sub }).split(sub) as [string, string];
    const payload = Buffer.concat([Buffer.from(before), Buffer.of(0xff, 0xc0), Buffer.from(after)]);
    const input = `${encode(JSON.stringify(HEADER))}.${payload.toString('base64url')}`;
    const signature = createHmac('sha256', SECRET).update(input).digest('base64url');
    expect(await app().ask(`${input}.${signature}`)).toBe('401 user_unknown');
  });
});

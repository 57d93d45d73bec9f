import { generateKeyPairSync } from 'node:crypto';
import { Logger } from '@nestjs/common';
import type { TokenInvalidationOptions } from 'nestjs-token-invalidation';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createMemoryApp, type MemoryApp } from '../support/memory-app.js';
import { MeController } from '../support/me.controller.js';
import { forge, hmac, type Signer, signerOf } from '../support/signed-tokens.js';

const NEW_SECRET = 'the secret since the conversion, of 32 bytes and more';
const OLD_SECRET = 'secretKey';
const DAY = 86_400;

/** Options that TypeScript does not know yet, or would not let through. */
type Options = TokenInvalidationOptions & Record<string, unknown>;

afterEach(() => vi.restoreAllMocks());

/** The application after its conversion, with the user 7, and a roll-out that ends in a day. */
async function converted(module: Options = {}): Promise<MemoryApp> {
  const app = await createMemoryApp({
    controllers: [MeController],
    module: {
      globalGuard: true,
      keys: [{ secret: NEW_SECRET }, { secret: OLD_SECRET }],
      legacyUntil: new Date(Date.UTC(2100, 0)),
      ...module,
    },
  });
  onTestFinished(() => app.close());
  app.store.add({ id: '7', passwordHash: 'hash' });
  return app;
}

/** A token as the application signed it before: `typ: JWT`, no `kid`, no `ver`. */
function oldToken(
  app: MemoryApp,
  claims: object = {},
  signer: Signer = hmac(OLD_SECRET),
  header: object = {},
): string {
  const iat = Math.floor(app.clock.now() / 1000) - 60;
  const good = { sub: '7', iat, exp: iat + 3600, ver: undefined, jti: undefined };
  return forge({ typ: 'JWT', kid: undefined, ...header }, { ...good, ...claims }, signer);
}

const LONG_OLD = {
  keys: [{ secret: NEW_SECRET }, { secret: `${OLD_SECRET} of 32 bytes and more…` }],
};
const longOld = hmac(`${OLD_SECRET} of 32 bytes and more…`);

const withKey = (secret: string) => converted({ keys: [{ secret: NEW_SECRET }, { secret }] });

describe('a key that only verifies, within the roll-out', () => {
  it('may be a short secret, with a warning', async () => {
    const warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
    const app = await converted();
    expect(await app.ask(oldToken(app), '/me')).toBe(200);
    expect(warn).toHaveBeenCalledWith(expect.stringMatching(/keys\[1\].*9 bytes.*legacyUntil/));
  });

  it('may be a short RSA key', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const app = await converted({ keys: [{ secret: NEW_SECRET }, { publicKey }] });
    const token = oldToken(app, {}, signerOf('RS256', privateKey), { alg: 'RS256' });
    expect(await app.ask(token, '/me')).toBe(200);
  });

  it('is not used any more once the roll-out is over, and does not stop the boot', async () => {
    const app = await converted({ legacyUntil: new Date(0) });
    expect(await app.ask(oldToken(app), '/me')).toBe('401 token_invalid');
  });

  it('signs nothing that lasts: a token with its `kid` is refused after the roll-out', async () => {
    const app = await converted({
      keys: [{ secret: NEW_SECRET }, { secret: OLD_SECRET, kid: 'old' }],
      legacyUntil: new Date(0),
    });
    const token = oldToken(app, { ver: 0 }, hmac(OLD_SECRET), { typ: 'at+jwt', kid: 'old' });
    expect(await app.ask(token, '/me')).toBe('401 token_invalid');
  });

  it('must be long without a roll-out', async () => {
    await expect(converted({ legacyUntil: undefined })).rejects.toThrow(/keys\[1\].*9 bytes/);
  });

  it('must be long where it signs', async () => {
    const keys = [{ secret: OLD_SECRET }, { secret: NEW_SECRET }];
    await expect(converted({ keys })).rejects.toThrow(/keys\[0\].*9 bytes/);
  });

  it('must not be empty, nor a public key', async () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const pem = publicKey.export({ type: 'spki', format: 'pem' }) as string;
    await expect(withKey('')).rejects.toThrow(/keys\[1\].*empty/);
    await expect(withKey(pem)).rejects.toThrow(/keys\[1\].*public or private key/);
  });
});

describe('a subject that is a number', () => {
  it('is the user with that id, within the roll-out', async () => {
    const app = await converted(LONG_OLD);
    const { status, body } = await app.get('/me', oldToken(app, { sub: 7 }, longOld));
    expect(status).toBe(200);
    expect(body['claims']).toMatchObject({ sub: '7' });
  });

  it.each([7.5, 2 ** 60, null, true, [7], { valueOf: 7 }])('is none when it is %j', async (sub) => {
    const app = await converted(LONG_OLD);
    expect(await app.ask(oldToken(app, { sub }, longOld), '/me')).toBe('401 claims_invalid');
  });

  it('is refused after the roll-out, and in a token of this library', async () => {
    const app = await converted({ ...LONG_OLD, legacyUntil: new Date(0) });
    const [, old] = LONG_OLD.keys;
    const current = { typ: 'at+jwt', kid: 'now' };
    const during = await converted({ keys: [{ secret: NEW_SECRET }, { ...old!, kid: 'now' }] });
    expect(await app.ask(oldToken(app, { sub: 7 }, longOld), '/me')).toBe('401 token_invalid');
    const token = oldToken(during, { sub: 7, ver: 0 }, longOld, current);
    expect(await during.ask(token, '/me')).toBe('401 claims_invalid');
  });
});

const withSubject = (legacySubject: unknown, more: Options = {}) =>
  converted({ ...LONG_OLD, legacySubject, ...more } as Options);
const byUserId = (payload: { userId?: unknown }) => payload.userId;

describe('legacySubject', () => {
  it.each(['7', 7])('finds the user in another claim: %j', async (userId) => {
    const app = await withSubject(byUserId);
    const token = oldToken(app, { sub: undefined, userId }, longOld);
    expect(await app.ask(token, '/me')).toBe(200);
  });

  it.each([
    ['finds nothing', byUserId],
    [
      'throws',
      () => {
        throw new Error('no user in it');
      },
    ],
    ['promises', async () => '7'],
  ])('refuses the token when it %s', async (_, legacySubject) => {
    const app = await withSubject(legacySubject);
    expect(await app.ask(oldToken(app, {}, longOld), '/me')).toBe('401 claims_invalid');
  });

  it('is not asked about a token of this library, nor after the roll-out', async () => {
    const legacySubject = vi.fn<() => string>(() => '8');
    const app = await withSubject(legacySubject);
    expect(await app.ask(app.tokenOf('1'), '/me')).toBe(200);
    const later = await withSubject(legacySubject, { legacyUntil: new Date(0) });
    expect(await later.ask(later.tokenOf('1'), '/me')).toBe(200);
    expect(await later.ask(oldToken(later, {}, longOld), '/me')).toBe('401 token_invalid');
    expect(legacySubject).not.toHaveBeenCalled();
  });

  it('needs a roll-out', async () => {
    await expect(withSubject(byUserId, { legacyUntil: undefined })).rejects.toThrow(
      /legacySubject needs legacyUntil/,
    );
  });
});

const withMaxAge = (more: Options = {}) => converted({ ...LONG_OLD, legacyMaxAge: '1d', ...more });
const issued = (app: MemoryApp, secondsAgo: number, claims: object = {}) => {
  const iat = Math.floor(app.clock.now() / 1000) - secondsAgo;
  return oldToken(app, { iat, exp: undefined, ...claims }, longOld);
};

describe('legacyMaxAge', () => {
  it('ends a token without `exp` that long after its `iat`', async () => {
    const app = await withMaxAge();
    expect(await app.ask(issued(app, DAY - 1), '/me')).toBe(200);
    expect(await app.ask(issued(app, DAY), '/me')).toBe('401 token_expired');
  });

  it('does not prolong one with `exp`, and mends no wrong one', async () => {
    const app = await withMaxAge();
    const now = Math.floor(app.clock.now() / 1000);
    expect(await app.ask(issued(app, 60, { exp: now }), '/me')).toBe('401 token_expired');
    expect(await app.ask(issued(app, 60, { exp: null }), '/me')).toBe('401 claims_invalid');
    expect(await app.ask(issued(app, 60, { iat: undefined }), '/me')).toBe('401 claims_invalid');
  });

  it('does nothing after the roll-out', async () => {
    const app = await withMaxAge({ legacyUntil: new Date(0) });
    expect(await app.ask(issued(app, 60), '/me')).toBe('401 token_invalid');
  });

  it('is needed for a token without `exp`', async () => {
    const app = await converted(LONG_OLD);
    expect(await app.ask(issued(app, 60), '/me')).toBe('401 claims_invalid');
  });

  it.each([
    [{ legacyUntil: undefined }, /legacyMaxAge needs legacyUntil/],
    [{ legacyMaxAge: 'soon' }, /legacyMaxAge is "soon": give seconds/],
    [{ legacyMaxAge: 0 }, /legacyMaxAge is 0/],
  ])('needs a roll-out and a duration: %j', async (module, message) => {
    await expect(withMaxAge(module)).rejects.toThrow(message);
  });
});

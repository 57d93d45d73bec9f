import passport, { Strategy } from 'passport';
import { ExtractJwt } from 'passport-jwt';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { forge } from '../../test/support/forge.js';
import { createMemoryApp, type MemoryApp } from '../../test/support/memory-app.js';
import { TokenEventListener, type RefusalEvent } from '../events/token-event.listener.js';
import { TokenVerifier } from '../tokens/token-verifier.service.js';
import { createStrategy, type RevocableJwtStrategy } from './revocable-jwt.strategy.js';

const told: RefusalEvent[] = [];

class Listener extends TokenEventListener {
  override refused(event: RefusalEvent): void {
    told.push(event);
  }
}

const NAME = 'a strategy of this spec';
const extract = ExtractJwt.fromAuthHeaderAsBearerToken();

let app: MemoryApp;
let verifier: TokenVerifier;
let strategy: RevocableJwtStrategy;
let token: string;

beforeAll(async () => {
  app = await createMemoryApp({ module: { listener: Listener } });
  verifier = app.app.get(TokenVerifier, { strict: false });
  strategy = createStrategy(NAME, verifier, extract);
  token = app.tokenOf('anna');
});
afterAll(() => app.app.close());
beforeEach(() => {
  told.length = 0;
});

const requestOf = (authorization?: string) => ({ headers: { authorization } });

/** What Passport gets to know of one attempt, without the rest of Passport. */
function attempt(authorization?: string): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    const one = Object.assign(Object.create(strategy) as Strategy, {
      success: (...found: unknown[]) => resolve(['success', ...found]),
      fail: (...why: unknown[]) => resolve(['fail', ...why]),
      error: reject,
    });
    one.authenticate.call(one as never, requestOf(authorization) as never);
  });
}

describe('the strategy in Passport’s hands', () => {
  it('gives user and claims of a token that holds', async () => {
    const claims = expect.objectContaining({ sub: 'anna', ver: 0 }) as object;
    const user = expect.objectContaining({ id: 'anna' }) as object;
    expect(await attempt(`Bearer ${token}`)).toEqual(['success', user, claims]);
    expect(told).toEqual([]);
  });

  it('hands on the refusal of the rule', async () => {
    const dead = app.tokenOf('ben');
    await app.store.invalidate({ subject: 'ben' }, 'logout');
    const reason = 'logged_out_everywhere';
    expect(await attempt(`Bearer ${dead}`)).toEqual(['fail', { accepted: false, reason }]);
    expect(told).toMatchObject([{ reason, subject: 'ben' }]);
  });

  it.each([undefined, 'Basic eDp5', ''])('finds no token in %j', async (authorization) => {
    const reason = 'token_missing';
    expect(await attempt(authorization)).toEqual(['fail', { accepted: false, reason }]);
    expect(told).toEqual([{ reason }]);
  });

  it('hands on why there is no key for a token', async () => {
    const detail = 'the token has not three parts';
    expect(await attempt('Bearer x')).toEqual([
      'fail',
      { accepted: false, reason: 'token_invalid', detail },
    ]);
    expect(told).toEqual([{ reason: 'token_invalid', detail }]);
  });

  it('makes a refusal of what jsonwebtoken says of a signature', async () => {
    const [header, payload] = token.split('.');
    expect(await attempt(`Bearer ${header}.${payload}.AAAA`)).toEqual([
      'fail',
      { accepted: false, reason: 'token_invalid', detail: 'invalid signature' },
    ]);
    expect(told).toHaveLength(1);
  });

  it('leaves the times to the rule, which has the application’s clock', async () => {
    app.clock.advance(-3 * 24 * 60 * 60);
    const old = app.tokenOf('carl');
    expect(await attempt(`Bearer ${old}`)).toMatchObject(['success', { id: 'carl' }, {}]);
    app.clock.advance(900);
    expect(await attempt(`Bearer ${old}`)).toMatchObject(['fail', { reason: 'token_expired' }]);
    app.clock.advance(3 * 24 * 60 * 60 - 900);
  });

  it('leaves nbf to the rule, too', async () => {
    const threeDays = 3 * 24 * 60 * 60;
    const nbf = Math.floor(app.clock.now() / 1000) + threeDays;
    const early = forge({ sub: 'anna', ver: 0, iat: nbf, exp: nbf + 900, nbf });
    app.clock.advance(threeDays);
    expect(await attempt(`Bearer ${early}`)).toMatchObject(['success', { id: 'anna' }, { nbf }]);
    app.clock.advance(-threeDays);
  });
});

describe('the strategy in the guard’s hands', () => {
  it('judges without Passport', async () => {
    expect(await strategy.judge(requestOf(`Bearer ${token}`))).toMatchObject({ accepted: true });
    expect(await strategy.judge(requestOf())).toEqual({
      accepted: false,
      reason: 'token_missing',
    });
    expect(told).toEqual([{ reason: 'token_missing' }]);
  });
});

describe('the name of the strategy', () => {
  class Own extends Strategy {
    override readonly name = 'own';
  }

  afterEach(() => passport.unuse('own'));

  const message =
    "Two Passport strategies have the name \"own\", that of TokenInvalidationModule and Own: remove your own, or name the module's with strategyName: '…'.";

  it('must be free when the strategy is made', () => {
    passport.use(new Own());
    expect(() => createStrategy('own', verifier, extract)).toThrow(message);
  });

  it('must not be taken until the application has started', () => {
    const ours = createStrategy('own', verifier, extract);
    expect(() => ours.onApplicationBootstrap()).not.toThrow();
    passport.use(new Own());
    expect(() => ours.onApplicationBootstrap()).toThrow(message);
  });

  it('may be that of another application’s strategy of ours, also from another copy of the library', () => {
    createStrategy('own', verifier, extract);
    expect(() => createStrategy('own', verifier, extract)).not.toThrow();
    const copy = Object.assign(new Own(), {
      [Symbol.for('nestjs-token-invalidation: strategy')]: true,
    });
    passport.use(copy);
    expect(() => createStrategy('own', verifier, extract)).not.toThrow();
  });
});

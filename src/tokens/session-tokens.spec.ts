import { describe, expect, it } from 'vitest';
import {
  ControlledStore,
  type ControlledUser,
  recordOf,
} from '../../test/support/controlled-store.js';
import { GOOD_CLAIMS, hmacKey, ownToken, SECOND } from '../../test/support/signed-tokens.js';
import { TokenEventEmitter } from '../events/token-event.emitter.js';
import { KeySet } from '../keys/key-set.js';
import type { TokenPolicy } from '../rule/rule.js';
import type { SessionState } from '../rule/session-state.js';
import type { Sight } from '../state/session.store.js';
import { StateReader } from '../state/state-reader.js';
import type { StateQuery } from '../state/token-state.store.js';
import type { JudgeParts } from './judge.js';
import { Signature } from './signature.js';
import { StampVerifier } from './stamp-verifier.service.js';
import { TokenVerifier } from './token-verifier.service.js';

const SESSION = '0190b5a0-0000-7000-8000-00000000abcd';
const OF_SESSION = { sid: SESSION, gen: 4, everyone_ver: 0, jti: 't' };
const LIVE: SessionState = {
  everyoneVersion: 0,
  endedReason: null,
  isExpired: false,
  isIdle: false,
  generation: 4,
  isSightDue: true,
};

interface Given {
  policy?: Partial<TokenPolicy>;
  session?: Partial<SessionState> | null;
  tokenRevoked?: boolean;
}

/** A verifier that reads this session, with what it asked for and what it noted. */
function setUp({ policy = {}, session, tokenRevoked = false }: Given = {}) {
  const queries: StateQuery[] = [];
  const sights: Sight[] = [];
  const user = { id: 'anna', tokenVersion: 3, passwordChangedAt: null, logoutAllAt: null };
  class Reader extends StateReader<ControlledUser> {
    async read(query: StateQuery) {
      queries.push(query);
      const found = session === null ? null : { ...LIVE, ...session };
      const everyone = { version: 0, loggedOutAt: null };
      return { ...recordOf(user), everyone, session: found, tokenRevoked };
    }
  }
  const parts: JudgeParts<ControlledUser> = {
    reader: new Reader(),
    clock: { now: () => SECOND * 1000 },
    events: new TokenEventEmitter(),
    policy: {
      clockToleranceSeconds: 300,
      realm: new ControlledStore().realm(),
      tokensWithoutSession: 'accept',
      ...policy,
    },
    isActive: () => true,
    noteSight: (sight) => sights.push(sight),
  };
  const signature = new Signature(new KeySet([hmacKey]), { signatureCacheSize: 0 });
  const verifier = new TokenVerifier(signature, parts);
  const verify = async (claims: object): Promise<string> => {
    const verdict = await verifier.verify(ownToken({ ...GOOD_CLAIMS, ...claims }));
    return verdict.accepted ? 'accepted' : verdict.reason;
  };
  return { stamps: new StampVerifier(parts), verify, queries, sights };
}

describe('a token of a session', () => {
  it('has its session read with the user', async () => {
    const { verify, queries } = setUp();
    expect(await verify(OF_SESSION)).toBe('accepted');
    expect(queries).toEqual([{ subject: 'anna', sessionId: SESSION, tokenId: undefined }]);
  });

  it('has its own id looked up where single tokens can be revoked', async () => {
    const { verify, queries } = setUp({ policy: { revokedTokens: true } });
    expect(await verify(OF_SESSION)).toBe('accepted');
    expect(queries).toEqual([{ subject: 'anna', sessionId: SESSION, tokenId: 't' }]);
  });

  it('costs no more than any other where sessions are off', async () => {
    const { verify, queries, sights } = setUp({
      policy: { tokensWithoutSession: undefined },
      session: null,
    });
    expect(await verify(OF_SESSION)).toBe('accepted');
    expect(queries).toEqual([{ subject: 'anna' }]);
    expect(sights).toEqual([]);
  });

  it.each<[string, Given, string]>([
    ['there is no such session', { session: null }, 'session_ended'],
    ['the session was ended', { session: { endedReason: 'logged_out' } }, 'session_ended'],
    ['it was revoked', { tokenRevoked: true, policy: { revokedTokens: true } }, 'token_revoked'],
  ])('is refused when %s', async (_, given, reason) => {
    const { verify, sights } = setUp(given);
    expect(await verify(OF_SESSION)).toBe(reason);
    expect(sights).toEqual([]);
  });
});

describe('a sight of a generation', () => {
  it('is noted when an accepted token carries the current one, and that is due', async () => {
    const { verify, sights } = setUp();
    await verify(OF_SESSION);
    expect(sights).toEqual([{ sessionId: SESSION, generation: 4 }]);
  });

  it.each<[string, Given, object]>([
    ['it is not due', { session: { isSightDue: false } }, {}],
    ['the token is of another generation', {}, { gen: 3 }],
    ['the token is refused', { session: { isIdle: true } }, {}],
    ['the token has no session', {}, { sid: undefined }],
  ])('is not noted when %s', async (_, given, claims) => {
    const { verify, sights } = setUp(given);
    await verify({ ...OF_SESSION, ...claims });
    expect(sights).toEqual([]);
  });
});

describe('a stamp', () => {
  const stamp = { sub: 'anna', realm: 'controlled', ver: 3, iat: SECOND, auth_time: SECOND };

  it('needs neither a session nor an id', async () => {
    const policy: Partial<TokenPolicy> = { tokensWithoutSession: 'refuse', revokedTokens: true };
    const { stamps, queries } = setUp({ policy, tokenRevoked: true });
    expect(await stamps.verify(stamp)).toMatchObject({ accepted: true });
    expect(queries).toEqual([{ subject: 'anna' }]);
  });

  it('of a session costs no more than any other where sessions are off', async () => {
    const off = { tokensWithoutSession: undefined };
    const { stamps, queries } = setUp({ policy: off, session: null });
    expect(await stamps.verify({ ...stamp, ...OF_SESSION })).toMatchObject({
      accepted: true,
    });
    expect(queries).toEqual([{ subject: 'anna' }]);
  });

  it.each([{ sid: 7 }, { sid: 'no id' }, { gen: undefined }])(
    'of a session that is not well-formed is refused: %j',
    async (claims) => {
      const { stamps, queries } = setUp({ policy: { tokensWithoutSession: 'refuse' } });
      expect(await stamps.verify({ ...stamp, ...OF_SESSION, ...claims })).toMatchObject({
        reason: 'claims_invalid',
      });
      expect(queries).toEqual([]);
    },
  );

  it('is judged by its session if it names one', async () => {
    const { stamps } = setUp({ session: null });
    expect(await stamps.verify({ ...stamp, ...OF_SESSION })).toMatchObject({
      reason: 'session_ended',
    });
  });
});

import * as fc from 'fast-check';
import { FrozenClock } from 'nestjs-token-invalidation/testing';
import { describe, expect, it } from 'vitest';
import { TokenEventEmitter } from '../../src/events/token-event.emitter.js';
import type { KeySet } from '../../src/keys/key-set.js';
import type { StrictRecord } from '../../src/state/state-reader.js';
import { StampVerifier } from '../../src/tokens/stamp-verifier.service.js';
import { TokenIssuer } from '../../src/tokens/token-issuer.service.js';
import { ControlledStore, type ControlledUser } from '../support/controlled-store.js';
import { tries } from '../support/properties.js';
import { circumstancesOf, recordOf } from '../support/rule/judge.js';
import { type NaiveCase, naiveVerdict } from '../support/rule/naive-rule.js';
import { ruleCases, SECOND } from '../support/rule/rule-cases.js';

/** Thousands of tries, on a machine that may be busy. */
const PATIENT = { timeout: 30_000 };

/** A verifier that finds this record, whatever it is asked for. */
function verifierOf(given: NaiveCase): StampVerifier<string> {
  const { policy, now } = circumstancesOf(given);
  const judged = recordOf(given.record);
  const record = judged && { ...judged, user: 'the user' };
  return new StampVerifier<string>({
    reader: { read: async (): Promise<StrictRecord<string> | undefined> => record },
    clock: { now: () => now },
    events: new TokenEventEmitter(),
    policy,
    isActive: () => true,
    noteSight: () => {},
  });
}

async function verdictOf(given: NaiveCase, stamp: object): Promise<string> {
  const { maxAuthAge } = given;
  const verdict = await verifierOf(given).verify(stamp, { maxAuthAge });
  return verdict.accepted ? 'accepted' : verdict.reason;
}

/** A user's state, and what of it a stamp takes along. */
const states = fc.record({
  tokenVersion: fc.integer({ min: 0, max: 3 }),
  passwordChangedAt: fc.constantFrom(null, new Date(SECOND * 1000 - 1), new Date(SECOND * 1000)),
  logoutAllAt: fc.constantFrom(null, new Date(SECOND * 1000), new Date(SECOND * 1000 + 999)),
});
type State = Omit<ControlledUser, 'id'>;

function stampOf(state: State, realm: string) {
  class Store extends ControlledStore {
    override realm(): string {
      return realm;
    }
  }
  const clock = new FrozenClock(SECOND * 1000);
  const keys = undefined as unknown as KeySet;
  const issuer = new TokenIssuer({ keys, store: new Store(), clock, expiresInSeconds: 900 });
  return issuer.stampOf({ id: '7', ...state });
}

function caseOf(state: State): NaiveCase {
  const { tokenVersion: version, ...cutoffs } = state;
  return {
    claims: {},
    record: { active: true, version, ...cutoffs, everyoneVersion: 0, everyoneLoggedOutAt: null },
    realm: 'public.users',
    tolerance: 300,
    legacyUntil: undefined,
    legacyClaim: undefined,
    legacyMaxAge: undefined,
    maxAuthAge: undefined,
    now: SECOND * 1000,
  };
}

describe('StampVerifier', PATIENT, () => {
  it('says of anything that is given as a stamp what the table says of a token that does not expire', async () => {
    const property = fc.asyncProperty(ruleCases, async (given) => {
      const claims = { exp: Number.MAX_SAFE_INTEGER, ...given.claims };
      // It may name a session and need not, and has no id to be revoked by.
      const withoutSession = given.withoutSession && ('accept' as const);
      const table = { ...given, claims, withoutSession, canBeRevoked: false };
      expect(await verdictOf(given, given.claims)).toBe(naiveVerdict(table));
    });
    await fc.assert(property, tries(5000));
  });

  it('accepts what stampOf gave, for as long as the state is the same', async () => {
    const property = fc.asyncProperty(states, async (state) => {
      expect(await verdictOf(caseOf(state), stampOf(state, 'public.users'))).toBe('accepted');
    });
    await fc.assert(property, tries(200));
  });

  it('refuses it after any invalidation, also in the same second', async () => {
    const property = fc.asyncProperty(states, states, async (before, by) => {
      const tokenVersion = before.tokenVersion + 1 + by.tokenVersion;
      const verdict = await verdictOf(
        caseOf({ ...by, tokenVersion }),
        stampOf(before, 'public.users'),
      );
      expect(['password_changed', 'logged_out_everywhere', 'version_stale']).toContain(verdict);
    });
    await fc.assert(property, tries(200));
  });

  it('refuses it in every other realm, whatever the state is', async () => {
    const realms = fc.oneof(fc.string(), fc.constantFrom('users', 'public.users ', 'PUBLIC.USERS'));
    const others = realms.filter((realm) => realm !== 'public.users');
    const property = fc.asyncProperty(states, others, async (state, realm) => {
      expect(await verdictOf(caseOf(state), stampOf(state, realm))).toBe('token_invalid');
    });
    await fc.assert(property, tries(500));
  });

  it('refuses it without a realm, but while the roll-out lasts', async () => {
    const property = fc.asyncProperty(states, async (state) => {
      const stamp = { ...stampOf(state, 'public.users'), realm: undefined };
      expect(await verdictOf(caseOf(state), stamp)).toBe('token_invalid');
      const legacyUntil = new Date(Date.UTC(2100, 0));
      expect(await verdictOf({ ...caseOf(state), legacyUntil }, stamp)).toBe('accepted');
    });
    await fc.assert(property, tries(200));
  });
});

import type { Refusal } from '../../../src/rule/refusal.js';
import {
  type CheckedClaims,
  type Circumstances,
  judgeClaims,
  type JudgedRecord,
  judgeRecord,
} from '../../../src/rule/rule.js';
import type { NaiveCase } from './naive-rule.js';

/** The whole rule: both halves, as the verifier runs them around its read. */
export function judge(
  payload: unknown,
  record: JudgedRecord | undefined,
  circumstances: Circumstances,
): CheckedClaims | Refusal {
  const checked = judgeClaims(payload, circumstances);
  return checked.accepted
    ? (judgeRecord(checked.claims, record, circumstances) ?? checked)
    : checked;
}

/** What the rule itself is given of a case. */
export function circumstancesOf(given: NaiveCase): Circumstances {
  const { realm, tolerance, legacyUntil, legacyClaim, legacyMaxAge, maxAuthAge, now } = given;
  const { withoutSession, canBeRevoked } = given;
  return {
    policy: {
      clockToleranceSeconds: tolerance,
      ...(realm !== undefined && { realm }),
      ...(legacyUntil !== undefined && { legacyUntil }),
      ...(legacyClaim !== undefined && { legacySubject: (payload) => payload[legacyClaim] }),
      ...(legacyMaxAge !== undefined && { legacyMaxAgeSeconds: legacyMaxAge }),
      ...(withoutSession !== undefined && { tokensWithoutSession: withoutSession }),
      ...(canBeRevoked !== undefined && { revokedTokens: canBeRevoked }),
    },
    now,
    maxAuthAgeSeconds: maxAuthAge,
  };
}

export function recordOf(state: NaiveCase['record']): JudgedRecord | undefined {
  if (state === undefined) return undefined;
  const { active, version: tokenVersion, passwordChangedAt, logoutAllAt } = state;
  return {
    active,
    state: { tokenVersion, passwordChangedAt, logoutAllAt },
    everyone: { version: state.everyoneVersion, loggedOutAt: state.everyoneLoggedOutAt },
    session: state.session && {
      everyoneVersion: state.session.everyoneVersion,
      endedReason: state.session.ended ? 'logged_out' : null,
      isExpired: state.session.expired,
      isIdle: state.session.idle,
      generation: 0,
      isSightDue: false,
    },
    tokenRevoked: state.revoked,
  };
}

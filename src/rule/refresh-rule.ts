import { refusal, type Refusal } from './refusal.js';
import { judgeSession, judgeVersion } from './rule.js';
import type { RefreshState } from './session-state.js';
import type { EveryoneState, TokenState } from './token-state.js';

/**
 * How old a generation must be before its use shows that the client kept it. Earlier use proves that it arrived, and
 * not that it was stored: browsers write cookies to disk in batches.
 */
export const SIGHT_AFTER_SECONDS = 60;

/**
 * A generation that is given out again counts as made at that moment, or the use of an answer that has only just arrived
 * would pass for a sight. Repetitions that follow within so many seconds do not count: clients that come at the same
 * moment cost no write.
 */
export const REPEAT_AFTER_SECONDS = 20;

/**
 * The most repetitions that count. Without a limit, a thief with the former token could keep the newer one from ever being
 * seen.
 */
export const MOST_REPEATS = 10;

/** All that is known when a refresh token is judged, read in one statement. */
export interface JudgedRefresh {
  readonly state: TokenState;
  /** False for a user who is disabled or deleted. */
  readonly active: boolean;
  readonly everyone: EveryoneState;
  readonly refreshed: RefreshState;
}

/** A refresh token that is accepted: what to write, and what the answer holds besides an access token. */
export interface RefreshAcceptance {
  readonly accepted: true;
  /** The generation that the client holds once it has the answer, and that its access token carries. */
  readonly generation: number;
  /**
   * Whether the answer holds the refresh token of that generation: the client has the one before it. Otherwise it holds
   * none, so that a late answer cannot put an old token over a newer one (RFC 6749 section 6 makes it optional).
   */
  readonly repeatsSuccessor: boolean;
  /** A repetition later than the grace after the last answer. A thief who went first looks the same. */
  readonly isLate: boolean;
  /** What to write before the answer. */
  readonly write?: 'sight' | 'repeat' | 'adoption';
}

/** A refresh token that is refused. */
export interface RefreshRefusal extends Refusal {
  /** The session is to be ended for this reason: somebody has a copy of the token, or the database is older than it. */
  readonly ends?: 'refresh_reused' | 'session_ahead';
}

/**
 * Judges a refresh token that no rotation was made for. The first line that holds decides, and every other reason to
 * refuse comes before any talk of reuse: a refusal for an ended session is not evidence
 * of an attack.
 *
 * Pure, and written so that values which cannot be compared refuse.
 *
 * @param presented - the generation of the token
 * @param record - as it was read; `undefined`: there is no such session
 */
export function judgeRefresh(
  presented: number,
  record: JudgedRefresh | undefined,
  { graceSeconds }: { readonly graceSeconds: number },
): RefreshAcceptance | RefreshRefusal {
  if (record?.refreshed.secretMatches !== true) return refusal('refresh_invalid');
  const refused = judgeLife(record);
  if (refused !== undefined) return refused;

  const { generation: current, secondsSinceRotated, secondsSinceSeen } = record.refreshed;
  if (presented === current) {
    const shows = secondsSinceSeen === null && secondsSinceRotated >= SIGHT_AFTER_SECONDS;
    return acceptance(current, shows ? { write: 'sight' } : {});
  }
  if (presented < current) return judgeBehind(presented, record.refreshed, graceSeconds);
  if (presented === current + 1) return acceptance(presented, { write: 'adoption' });
  if (presented > current) return { ...refusal('session_ahead'), ends: 'session_ahead' };
  return refusal('refresh_invalid');
}

/** One generation behind is good until the grace after the newer one was seen to be kept. */
function judgeBehind(
  presented: number,
  { generation: current, secondsSinceRotated, secondsSinceSeen, repeats }: RefreshState,
  graceSeconds: number,
): RefreshAcceptance | RefreshRefusal {
  const wasLost = secondsSinceSeen === null;
  if (presented === current - 1 && (wasLost || secondsSinceSeen < graceSeconds)) {
    const isLate = wasLost && secondsSinceRotated > graceSeconds;
    const counts = wasLost && secondsSinceRotated >= REPEAT_AFTER_SECONDS && repeats < MOST_REPEATS;
    return acceptance(current, {
      repeatsSuccessor: true,
      isLate,
      ...(counts && { write: 'repeat' }),
    });
  }
  return { ...refusal('refresh_reused'), ends: 'refresh_reused' };
}

/** Why the session is refused, apart from its generations. */
function judgeLife({ state, active, everyone, refreshed }: JudgedRefresh): Refusal | undefined {
  if (!active) return refusal('user_inactive');
  const { userVersion: ver, startedAt, everyoneVersion } = refreshed;
  const stale = judgeVersion({ ver, iat: Number(startedAt) / 1000 }, state);
  if (stale !== undefined) return refusal(stale);
  if (!(everyoneVersion >= everyone.version)) return refusal('everyone_logged_out');
  return judgeSession(refreshed);
}

function acceptance(
  generation: number,
  more: Partial<Omit<RefreshAcceptance, 'accepted' | 'generation'>>,
): RefreshAcceptance {
  return { accepted: true, generation, repeatsSuccessor: false, isLate: false, ...more };
}

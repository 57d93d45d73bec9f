import type { TokenEventEmitter } from '../events/token-event.emitter.js';
import { type Duration, requireSeconds } from '../options/duration.js';
import type { TokenClaims } from '../rule/claims.js';
import type { Refusal } from '../rule/refusal.js';
import {
  type CheckedClaims,
  type Circumstances,
  hasSession,
  type JudgedRecord,
  judgeRecord,
  type TokenPolicy,
} from '../rule/rule.js';
import type { Sight } from '../state/session.store.js';
import type { StateReader, StrictRecord } from '../state/state-reader.js';
import type { StateQuery } from '../state/token-state.store.js';
import type { Clock } from './clock.js';
import type { Verdict } from './verdict.js';

/** What a caller demands of a token beyond the rule. */
export interface VerifyOptions {
  /** How long ago the user may have entered credentials (`auth_time`). Default: any time. */
  maxAuthAge?: Duration | undefined;
}

/** Whether the user may use the application now. Anything but `true`, or a promise of it, refuses. */
export type IsActive<User> = (user: User, claims: TokenClaims) => boolean | Promise<boolean>;

/** What a verifier works with. */
export interface JudgeParts<User> {
  readonly reader: StateReader<User>;
  readonly clock: Clock;
  readonly events: TokenEventEmitter;
  readonly policy: TokenPolicy;
  readonly isActive: IsActive<User>;
  /** The listener for an accepted token that shows that its client kept the generation. Must not throw, nor wait. */
  readonly noteSight: (sight: Sight) => void;
}

/** Everything that can be judged of a credential before the user is read. */
export type CheckClaims<Credential> = (
  credential: Credential,
  circumstances: Circumstances,
) => CheckedClaims | Refusal;

/** The way of every verdict, whatever carries the claims: the first half of the rule, the read, the second half. */
export class Judge<User, Credential> {
  constructor(
    private readonly parts: JudgeParts<User>,
    private readonly check: CheckClaims<Credential>,
  ) {}

  async judge(credential: Credential, { maxAuthAge }: VerifyOptions): Promise<Verdict<User>> {
    const circumstances = this.circumstances(maxAuthAge);
    const checked = this.check(credential, circumstances);
    if (!checked.accepted) return this.reportRefusal(checked);

    const { claims } = checked;
    const record = await this.parts.reader.read(queryOf(claims, this.parts.policy));
    let judged: JudgedRecord | undefined = record;
    if (record?.active === true) {
      const answer: unknown = this.parts.isActive(record.user, claims);
      // Only true is yes: undefined is what a forgotten return, or a column that was not loaded, gives.
      const active = answer === true || (await answer) === true;
      if (!active) judged = { state: record.state, active, everyone: record.everyone };
    }
    const refused = judgeRecord(claims, judged, circumstances);
    if (refused) return this.reportRefusal(refused, claims);
    this.noteSight(claims, record!);
    return { accepted: true, user: record!.user, claims };
  }

  /** The check path writes nothing itself. */
  private noteSight({ sid, gen }: TokenClaims, { session }: StrictRecord<User>): void {
    if (sid === undefined || session?.isSightDue !== true || session.generation !== gen) return;
    this.parts.noteSight({ sessionId: sid, generation: gen });
  }

  private circumstances(maxAuthAge: Duration | undefined): Circumstances {
    const { policy, clock } = this.parts;
    const maxAuthAgeSeconds =
      maxAuthAge === undefined ? undefined : requireSeconds(maxAuthAge, 'maxAuthAge');
    return { policy, now: clock.now(), maxAuthAgeSeconds };
  }

  /** Every refusal passes here, so that listeners get each one once. */
  private reportRefusal(refused: Refusal, claims?: TokenClaims): Refusal {
    this.parts.events.emitRefusal(refused, claims);
    return refused;
  }
}

/** Whom and what to read. */
function queryOf(claims: TokenClaims, policy: TokenPolicy): StateQuery {
  const { sub: subject, sid, jti } = claims;
  const inSession = hasSession(claims, policy);
  return {
    subject,
    sessionId: inSession ? sid : undefined,
    tokenId: policy.revokedTokens ? jti : undefined,
  };
}

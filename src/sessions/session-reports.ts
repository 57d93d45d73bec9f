import type { AddressPolicy } from '../events/address.js';
import { callerOf } from '../events/caller.js';
import type { TokenEventEmitter } from '../events/token-event.emitter.js';
import type { SessionEvent, SessionStartedEvent } from '../events/session-event.js';
import type { InvalidationEvent, RevocationEvent } from '../events/token-event.listener.js';
import { isRefusal, type Refusal } from '../rule/refusal.js';
import type { SessionEnd } from '../rule/session-state.js';
import type { EndedSessions, Pending, StartedSession } from '../state/session.store.js';
import type { SessionCall } from './session-calls.js';

type Origin = Pick<SessionStartedEvent, 'because' | 'origin'>;
type WithoutCall<Event> = Event extends SessionEvent ? Omit<Event, 'by' | 'address'> : never;
type Happened = WithoutCall<SessionEvent>;

/** Turns what was written into events: after its commit, with who did it and from where. */
export class SessionReports {
  constructor(
    private readonly events: TokenEventEmitter,
    private readonly policy: AddressPolicy,
  ) {}

  /**
   * Passes an answer on; a refusal is reported.
   *
   * @param subject - whose refresh token it was; absent when it was not verified
   */
  reportRefusal<Answer extends object>(
    answer: Answer | Refusal,
    subject?: string,
  ): Answer | Refusal {
    const of = subject === undefined ? undefined : { sub: subject };
    if (isRefusal(answer)) this.events.emitRefusal(answer, of);
    return answer;
  }

  started(started: StartedSession, origin: Origin, call: SessionCall<unknown>): void {
    const { id: sessionId, subject, label, userAgent, persistent, startedAt, expiresAt } = started;
    const device = { label, userAgent, persistent, startedAt, expiresAt };
    this.report({ kind: 'started', subject, sessionId, ...origin, ...device }, call, started);
    this.ended({ ...started, ids: started.evicted }, 'evicted', call);
  }

  ended(
    { ids, subject, committed }: EndedSessions,
    reason: SessionEnd,
    call: SessionCall<unknown>,
  ): void {
    for (const sessionId of ids) {
      this.report({ kind: 'ended', subject: subject!, sessionId, reason }, call, { committed });
    }
  }

  invalidated(
    happened: Omit<InvalidationEvent, 'by' | 'address'>,
    call: SessionCall<unknown>,
    { committed }: Pending,
  ): void {
    this.events.emitInvalidation({ ...happened, ...callerOf(call, this.policy) }, committed);
  }

  revoked(
    happened: Omit<RevocationEvent, 'by' | 'address'>,
    call: SessionCall<unknown>,
    { committed }: Pending,
  ): void {
    this.events.emitRevocation({ ...happened, ...callerOf(call, this.policy) }, committed);
  }

  report(
    happened: Happened,
    call: SessionCall<unknown>,
    { committed }: Pending | { committed: undefined } = {},
  ): void {
    this.events.emitSession({ ...happened, ...callerOf(call, this.policy) }, committed);
  }
}

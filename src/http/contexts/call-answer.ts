import type { RefusalReason } from '../../rule/refusal.js';
import { challenge, describeReason } from '../challenge.js';

/** The answer to a call that does not pass. Every context says the same, each in its form. */
export interface CallAnswer {
  readonly errorCode: RefusalReason | 'token_state_unavailable';
  readonly message: string;
  /** The status that HTTP has for it. */
  readonly status: 401 | 503;
  /** The header that HTTP has for it. */
  readonly header: readonly [name: string, value: string];
  /** How old the login may be, in seconds, where a more recent one is demanded. */
  readonly maxAge?: number;
}

export function answerRefusal(reason: RefusalReason, maxAuthAge: number | undefined): CallAnswer {
  return {
    errorCode: reason,
    message: describeReason(reason),
    status: 401,
    header: ['WWW-Authenticate', challenge(reason, maxAuthAge)],
    ...(reason === 'reauthentication_required' &&
      maxAuthAge !== undefined && { maxAge: Math.floor(maxAuthAge) }),
  };
}

export function answerOutage(retryAfterSeconds: number): CallAnswer {
  return {
    errorCode: 'token_state_unavailable',
    message: 'The access token cannot be checked at the moment',
    status: 503,
    header: ['Retry-After', String(retryAfterSeconds)],
  };
}

/** What a message carries back over a socket or a transport. */
export function payloadOf({ errorCode, message, maxAge }: CallAnswer): Record<string, unknown> {
  return { status: 'error', errorCode, message, ...(maxAge !== undefined && { maxAge }) };
}

import type { AddressPolicy } from '../events/address.js';
import type { SessionLimits } from '../state/session.store.js';
import type { SessionClaims } from './sessions-options.js';

/** The options of the sessions, with every default filled in. */
export interface SessionSettings {
  readonly limits: SessionLimits;
  readonly graceSeconds: number;
  readonly onReuse: 'end' | 'refuse';
  readonly address: AddressPolicy;
  readonly claims: SessionClaims<unknown> | undefined;
  /** How long an access token lives, unless its session ends earlier. */
  readonly expiresInSeconds: number;
}

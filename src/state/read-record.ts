import type { SessionState } from '../rule/session-state.js';
import type { EveryoneState, TokenState } from '../rule/token-state.js';
import type { StrictRecord } from './state-reader.js';
import type { StateQuery, StateRecord } from './token-state.store.js';

/** Whether the record says what became of the session and of the token that the query names. */
export function isAnswer(
  { session, tokenRevoked }: StateRecord<unknown>,
  query: StateQuery,
): boolean {
  return (
    (query.sessionId === undefined || session !== undefined) &&
    (query.tokenId === undefined || typeof tokenRevoked === 'boolean')
  );
}

/** One shape for all records, whatever the store's are: this runs for each request. */
export class ReadRecord<User> implements StrictRecord<User> {
  readonly user: User;
  readonly state: TokenState;
  readonly active: boolean;
  readonly session: SessionState | null | undefined;
  readonly tokenRevoked: boolean | undefined;

  constructor(
    { user, state, active, session, tokenRevoked }: StateRecord<User>,
    readonly everyone: EveryoneState,
  ) {
    this.user = user;
    this.state = state;
    this.active = active;
    this.session = session;
    this.tokenRevoked = tokenRevoked;
  }
}

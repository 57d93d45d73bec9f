import type { EveryoneState } from '../rule/token-state.js';
import type { StateQuery, StateRecord } from './token-state.store.js';

/** A user's record, with what held for everyone at the same moment. */
export interface StrictRecord<User> extends StateRecord<User> {
  readonly everyone: EveryoneState;
}

/** How the verifier gets the user's record. */
export abstract class StateReader<User = unknown> {
  /**
   * The record as it is now; `undefined`: no such user.
   *
   * @throws TokenStateUnavailableError when it could not be read within the time limit
   */
  abstract read(query: StateQuery): Promise<StrictRecord<User> | undefined>;
}

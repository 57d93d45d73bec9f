import { checkPasswords } from './check-passwords.js';
import { checkState } from './check-state.js';
import { checkTokens } from './check-tokens.js';
import { userHistory } from './history.js';
import type { Operation } from './operation.js';
import type { Violation } from './violation.js';

/**
 * Judges the whole history of one user. Users do not touch each other, and what concerns everyone is handed in with
 * each: so a user's history can be judged, and forgotten, as soon as the user is left alone.
 *
 * @param operations - all of the user's, each completed
 * @param everyone - those that concern everyone, from the user's first operation to the last
 * @param password - the password that the user was created with
 */
export function checkUser(
  operations: readonly Operation[],
  everyone: readonly Operation[],
  password: string,
): Violation[] {
  const history = userHistory(operations, everyone);
  return [...checkTokens(history), ...checkPasswords(history, password), ...checkState(history)];
}

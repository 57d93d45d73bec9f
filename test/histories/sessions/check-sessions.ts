import type { Operation } from '../operation.js';
import type { Violation } from '../violation.js';
import { checkAccess } from './check-access.js';
import { checkRefreshes } from './check-refreshes.js';
import { checkRows } from './check-rows.js';
import { withEvictions } from './evictions.js';
import { sessionHistory } from './session-lives.js';

/**
 * Judges the whole history of one user with sessions. It knows the library by its answers and by the table alone.
 *
 * @param operations - all of the user's, each completed
 * @param everyone - those that concern everyone, from the user's first operation to the last
 */
export function checkSessions(
  operations: readonly Operation[],
  everyone: readonly Operation[],
): Violation[] {
  const history = withEvictions(sessionHistory(operations, everyone));
  return [...checkAccess(history), ...checkRefreshes(history), ...checkRows(history)];
}

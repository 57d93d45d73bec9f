import type { TokenState } from '../../rule/token-state.js';
import { hideProperties } from '../../state/hidden-properties.js';
import type { StateQuery, StateReading } from '../../state/token-state.store.js';
import { describeUser, type InMemoryRows, type InMemoryUser } from './in-memory-rows.js';

const hideState = hideProperties([
  'passwordHash',
  'tokenVersion',
  'passwordChangedAt',
  'logoutAllAt',
]);

/** What a check is answered: copies, as a database gives them. */
export function readRows<User extends InMemoryUser>(
  { users, everyone: { version, loggedOutAt } }: InMemoryRows<User>,
  queries: readonly StateQuery[],
): StateReading<User> {
  const records = queries.map(({ subject }) => {
    const row = users.get(subject);
    if (row === undefined) return undefined;
    const user = copyRow(row);
    const state = copyState(describeUser(user).state);
    hideState(user);
    return { user, state, active: !user.deletedAt };
  });
  return { everyone: { version, loggedOutAt: loggedOutAt && new Date(loggedOutAt) }, records };
}

/** What the application does to the dates of its record changes nothing here. */
function copyState({ tokenVersion, passwordChangedAt, logoutAllAt }: TokenState): TokenState {
  return {
    tokenVersion,
    passwordChangedAt: passwordChangedAt && new Date(passwordChangedAt),
    logoutAllAt: logoutAllAt && new Date(logoutAllAt),
  };
}

/** Most rows are flat, and for those `structuredClone` is what takes longest in a check. */
export function copyRow<Row extends object>(row: Row): Row {
  const copy = { ...row };
  for (const column in copy) {
    const value = copy[column];
    if (typeof value === 'object' && value !== null) copy[column] = structuredClone(value);
  }
  return copy;
}

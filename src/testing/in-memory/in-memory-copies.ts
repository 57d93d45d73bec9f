import type { TokenState } from '../../rule/token-state.js';
import { hideProperties } from '../../state/hidden-properties.js';
import type { StateQuery, StateReading, StateRecord } from '../../state/token-state.store.js';
import { describeUser, type InMemoryRows, type InMemoryUser } from './in-memory-rows.js';
import { sessionState } from './in-memory-sessions.js';

const hideState = hideProperties([
  'passwordHash',
  'tokenVersion',
  'passwordChangedAt',
  'logoutAllAt',
]);

/** What a check is answered: copies, as a database gives them. */
export function readRows<User extends InMemoryUser>(
  rows: InMemoryRows<User>,
  queries: readonly StateQuery[],
  now: Date,
): StateReading<User> {
  const { version, loggedOutAt } = rows.everyone;
  const everyone = { version, loggedOutAt: loggedOutAt && new Date(loggedOutAt) };
  return { everyone, records: queries.map((query) => recordOf(rows, query, now)) };
}

export function recordOf<User extends InMemoryUser>(
  rows: InMemoryRows<User>,
  { subject, sessionId, tokenId }: StateQuery,
  now: Date,
): StateRecord<User> | undefined {
  const row = rows.users.get(subject);
  if (row === undefined) return undefined;
  const user = copyRow(row);
  const state = copyState(describeUser(user).state);
  hideState(user);
  const record = { user, state, active: !user.deletedAt };
  if (sessionId === undefined && tokenId === undefined) return record;
  const session =
    sessionId === undefined ? undefined : sessionState(rows, { subject, sessionId }, now);
  const tokenRevoked = tokenId === undefined ? undefined : rows.revokedTokens.has(tokenId);
  return { ...record, session, tokenRevoked };
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

import type { TokenState } from '../../rule/token-state.js';
import type { StateQuery, StateReading, StateRecord } from '../../state/token-state.store.js';
import { describeUser, type InMemoryRows, type InMemoryUser } from './in-memory-rows.js';
import { sessionState } from './in-memory-session-life.js';

type Hidden = TokenState & Pick<InMemoryUser, 'passwordHash'>;

const HIDDEN: ReadonlySet<string> = new Set<keyof Hidden>([
  'passwordHash',
  'tokenVersion',
  'passwordChangedAt',
  'logoutAllAt',
]);

/**
 * The user of a check: code reads and writes hash and state, and no spread, JSON or clone has them. Uses accessors:
 * hiding the properties of each object would take longer than the rest of a check.
 */
class CheckedUser {
  readonly #hidden: Hidden;

  constructor(hidden: Hidden) {
    this.#hidden = hidden;
  }

  static {
    for (const name of HIDDEN) {
      Object.defineProperty(this.prototype, name, {
        get(this: CheckedUser): unknown {
          return Reflect.get(this.#hidden, name);
        },
        set(this: CheckedUser, value: unknown) {
          Reflect.set(this.#hidden, name, value);
        },
      });
    }
  }
}

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
  const { state } = describeUser(row);
  const record = { user: copyUser(row), state: copyState(state), active: !row.deletedAt };
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

function copyUser<User extends InMemoryUser>(row: User): User {
  const hidden = { passwordHash: row.passwordHash, ...copyState(row) };
  const user = new CheckedUser(hidden) as object as User;
  for (const column in row) if (!HIDDEN.has(column)) user[column] = copyOf(row[column]);
  return user;
}

export function copyRow<Row extends object>(row: Row): Row {
  const copy = { ...row };
  for (const column in copy) copy[column] = copyOf(copy[column]);
  return copy;
}

/** Most values are plain, and for those `structuredClone` is what takes longest in a check. */
function copyOf<Value>(value: Value): Value {
  return typeof value === 'object' && value !== null ? structuredClone(value) : value;
}

import type { TokenState } from '../rule/token-state.js';
import { readVersion } from './read-version.js';

/** Under which names a record has its id and its state. */
export interface RecordKeys {
  readonly id: string;
  readonly tokenVersion: string;
  readonly passwordChangedAt: string;
  readonly logoutAllAt: string;
}

/**
 * The subject and the state that a record carries.
 *
 * @param what - the record, for the message
 * @throws TypeError when it lacks any of them
 */
export function describeRecord(
  keys: RecordKeys,
  record: object,
  what: string,
): { subject: string; state: TokenState } {
  const read = <Value>(key: string, decode: (value: unknown) => Value | undefined): Value => {
    const value = decode(Reflect.get(record, key));
    if (value !== undefined) return value;
    throw new TypeError(
      `${what} has no ${key}: load the whole row. A token can only be issued from the row's own id and token state, which a copy such as { ...user } does not have.`,
    );
  };
  return {
    subject: read(keys.id, subjectOf),
    state: {
      tokenVersion: read(keys.tokenVersion, readVersion),
      passwordChangedAt: read(keys.passwordChangedAt, cutoffOf),
      logoutAllAt: read(keys.logoutAllAt, cutoffOf),
    },
  };
}

/** The properties of a record that no response may hold. */
export function stateKeys({ tokenVersion, passwordChangedAt, logoutAllAt }: RecordKeys): string[] {
  return [tokenVersion, passwordChangedAt, logoutAllAt];
}

function subjectOf(id: unknown): string | undefined {
  if (typeof id === 'string') return id;
  return typeof id === 'number' || typeof id === 'bigint' ? String(id) : undefined;
}

/** Text where the application leaves instants unparsed. */
function cutoffOf(value: unknown): Date | null | undefined {
  if (value === null) return null;
  const cutoff = typeof value === 'string' ? new Date(value) : value;
  return cutoff instanceof Date && !Number.isNaN(cutoff.getTime()) ? cutoff : undefined;
}

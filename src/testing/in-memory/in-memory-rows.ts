import type { EveryoneState, TokenState } from '../../rule/token-state.js';
import type {
  CutoffKind,
  PasswordChange,
  StateChange,
  WriteOutcome,
} from '../../state/token-state.store.js';
import type { InMemorySession } from './in-memory-session.js';

/** What a user must have. Add the application's own fields in a type that extends it. */
export interface InMemoryUser extends TokenState {
  /** The subject of the user's tokens. */
  readonly id: string;
  readonly passwordHash: string;
  /** Set: the user is soft-deleted, and so not active. */
  readonly deletedAt?: Date | null;
}

/** A user to add. The store sets the token state. */
export type NewInMemoryUser<User extends InMemoryUser> = Omit<User, keyof TokenState>;

type Writable<Type> = { -readonly [Name in keyof Type]: Type[Name] };

/** The part of a user that the store writes. */
export type WritableUser = Writable<Pick<InMemoryUser, 'id' | 'passwordHash' | keyof TokenState>>;

/** A write of one user's row, at the time of the database. */
export type UserWrite = (user: WritableUser, now: Date) => WriteOutcome;

/** Everything that an in-memory database holds. */
export interface InMemoryRows<User> {
  /** The users by id. */
  readonly users: Map<string, User>;
  readonly everyone: Writable<EveryoneState>;
  /** The sessions by id. */
  readonly sessions: Map<string, InMemorySession>;
  /** When single tokens that were revoked expire, by their ids. */
  readonly revokedTokens: Map<string, Date>;
  /** The version of the next new user: above that of every removed one, whose id may be used again. */
  firstVersion: number;
}

export function describeUser(user: Partial<InMemoryUser>): { subject: string; state: TokenState } {
  const { id, tokenVersion, passwordChangedAt, logoutAllAt } = user;
  if (
    typeof id !== 'string' ||
    tokenVersion === undefined ||
    passwordChangedAt === undefined ||
    logoutAllAt === undefined
  ) {
    throw new TypeError(
      'The user lacks id, tokenVersion, passwordChangedAt or logoutAllAt. Use a record that came from the store.',
    );
  }
  return { subject: id, state: { tokenVersion, passwordChangedAt, logoutAllAt } };
}

/** Writes the application's fields. The id and the token state stay, unless another hash invalidates. */
export function updateUser(user: WritableUser, changes: object, now: Date): StateChange {
  const { id, tokenVersion, passwordChangedAt, logoutAllAt, passwordHash } = user;
  const kept = { id, tokenVersion, passwordChangedAt, logoutAllAt };
  Object.assign(user, structuredClone(changes), kept);
  return user.passwordHash === passwordHash
    ? unchanged(user, now)
    : invalidateUser(user, 'password', now);
}

export function invalidateUser(user: WritableUser, kind: CutoffKind, now: Date): StateChange {
  raise(user, now);
  user[kind === 'password' ? 'passwordChangedAt' : 'logoutAllAt'] = now;
  return { version: user.tokenVersion, effectiveAt: now };
}

/** Invalidates, if the version is the one that it must be. */
export function invalidation(kind: CutoffKind, ifVersion?: number): UserWrite {
  return (user, now) =>
    ifVersion === undefined || ifVersion === user.tokenVersion
      ? invalidateUser(user, kind, now)
      : 'conflict';
}

/** Replaces the hash, if it is the current one, and writes the rest. */
export function hashReplacement(change: PasswordChange, writeRest: UserWrite): UserWrite {
  return (user, now) => (replaceHash(user, change) ? writeRest(user, now) : 'conflict');
}

/** Raises the version, and returns cutoffs that lie ahead to the clock. */
export function raise(user: WritableUser, now: Date): void {
  user.tokenVersion += 1;
  user.passwordChangedAt = notAhead(user.passwordChangedAt, now);
  user.logoutAllAt = notAhead(user.logoutAllAt, now);
}

export function invalidateAll(everyone: Writable<EveryoneState>, now: Date): StateChange {
  everyone.version += 1;
  everyone.loggedOutAt = now;
  return { version: everyone.version, effectiveAt: now };
}

/** @throws TypeError when there is one with this id */
export function addUser<User extends InMemoryUser>(
  { users, firstVersion }: InMemoryRows<User>,
  user: NewInMemoryUser<User>,
): User {
  const state = { tokenVersion: firstVersion, passwordChangedAt: null, logoutAllAt: null };
  const added = structuredClone({ ...user, ...state }) as unknown as User;
  if (users.has(added.id)) throw new TypeError(`The user ${JSON.stringify(added.id)} exists.`);
  users.set(added.id, added);
  return added;
}

export function removeUser(rows: InMemoryRows<WritableUser>, id: string): void {
  const user = rows.users.get(id);
  if (user === undefined) return;
  rows.firstVersion = Math.max(rows.firstVersion, user.tokenVersion + 1);
  rows.users.delete(id);
  for (const session of rows.sessions.values()) {
    if (session.subject === id) rows.sessions.delete(session.id);
  }
}

export function unchanged(user: WritableUser, now: Date): StateChange {
  return { version: user.tokenVersion, effectiveAt: now };
}

/** Whether the hash was the current one, and so was replaced. */
export function replaceHash(user: WritableUser, { currentHash, newHash }: PasswordChange): boolean {
  if (user.passwordHash !== currentHash) return false;
  user.passwordHash = newHash;
  return true;
}

function notAhead(cutoff: Date | null, now: Date): Date | null {
  return cutoff !== null && cutoff > now ? now : cutoff;
}

import { cutoffOf, endOf, precedes, type Write } from '../history.js';
import type { Operation } from '../operation.js';
import type { SessionAccess } from './session-operation.js';
import { ABSOLUTE, GRACE } from './session-times.js';
import { msOf } from './time-lapse.js';

/** What ended a session, or may have. */
export interface Ending {
  readonly operation: Operation;
  /** From when on it may have; and from when on it has for certain. */
  readonly earliest: number;
  readonly latest: number;
}

/** One session, as the history shows it. Times are those of `Operation.invokedAt`. */
export interface SessionLife {
  readonly id: string;
  readonly began: Operation;
  /** Its first access token: all later ones say the same of user, login and versions. */
  readonly access: SessionAccess;
  /** What invalidated the user before this does not concern it. */
  readonly since: number;
  /** When the password had been checked that it was started for. */
  readonly checkedAt: number;
  /** Between which its absolute end is. */
  readonly expires: { readonly earliest: number; readonly latest: number };
  /** Everything that presents a token of it, or changes it. */
  readonly operations: readonly Operation[];
  readonly endings: readonly Ending[];
  /** From when on somebody else had its refresh token. */
  readonly stolenAt: number;
  /** From when on the database may have lost a rotation of it. */
  readonly lostAt: number;
}

/** What happened to a user with sessions, sorted out once for all checks. */
export interface SessionHistory {
  readonly operations: readonly Operation[];
  readonly lives: ReadonlyMap<string, SessionLife>;
  /** What invalidated all of the user's tokens, or may have. */
  readonly invalidations: readonly Operation[];
  readonly acknowledged: readonly Operation[];
  readonly everyone: readonly Operation[];
  /** What set whether the user is active. */
  readonly activations: readonly Write<boolean>[];
}

/**
 * @param operations - all of one user's, completed
 * @param everyone - those that concern everyone
 */
export function sessionHistory(
  operations: readonly Operation[],
  everyone: readonly Operation[],
): SessionHistory {
  const sorted = operations.toSorted((one, other) => one.invokedAt - other.invokedAt);
  const invalidations = sorted.filter(
    (operation) => cutoffOf(operation) !== undefined && operation.outcome !== 'refused',
  );
  return {
    operations: sorted,
    lives: livesOf(sorted),
    invalidations,
    acknowledged: invalidations.filter(({ outcome }) => outcome === 'done'),
    everyone: everyone.filter(({ outcome }) => outcome !== 'refused'),
    activations: sorted.flatMap((write) =>
      write.active === undefined ? [] : [{ write, value: write.active }],
    ),
  };
}

/** The request was under way for longer than a client can count on, from the look into the storage on. */
export function isLate({ session, completedAt, invokedAt }: Operation): boolean {
  return completedAt - (session?.readAt ?? invokedAt) > msOf(GRACE);
}

/** The answer says that the session was live, and that the refresh token is one of somebody else's. */
export function isReuse({ reason }: Operation): boolean {
  return reason === 'refresh_reused' || reason === 'session_ahead';
}

function livesOf(operations: readonly Operation[]): Map<string, SessionLife> {
  const lives = new Map<string, SessionLife>();
  const beginnings = operations
    .filter((operation) => operation.answer?.access && mayBegin(operation))
    .toSorted((one, other) => one.completedAt - other.completedAt);
  for (const began of beginnings) {
    const life = lifeOf(began, lives.get(began.session?.sessionId ?? ''));
    lives.set(life.id, { ...life, ...eventsOf(life, operations) });
  }
  return lives;
}

/** What begins a session when it takes effect. */
export function mayBegin({ kind, via }: Operation): boolean {
  return kind === 'start' || kind === 'fork' || via === 'keepThisDevice';
}

type Beginning = Pick<SessionLife, 'id' | 'began' | 'access' | 'since' | 'checkedAt' | 'expires'>;

/** @param origin - the session that it was made from; absent for a login */
function lifeOf(began: Operation, origin: Beginning | undefined): Beginning {
  const { invokedAt, completedAt, answer } = began;
  const access = answer!.access!;
  const own = { id: access.sessionId, began, access };
  if (origin === undefined) {
    const absolute = msOf(ABSOLUTE);
    return {
      ...own,
      since: invokedAt,
      checkedAt: answer!.checkedAt ?? completedAt,
      expires: { earliest: invokedAt + absolute, latest: completedAt + absolute },
    };
  }
  const { since, checkedAt, expires } = origin;
  // A device that stays after a logout everywhere gets a session of the new version; no password was checked for it.
  if (began.kind === 'fork') return { ...own, since, checkedAt, expires };
  return { ...own, since: invokedAt, checkedAt: completedAt, expires };
}

function eventsOf(
  life: Beginning,
  all: readonly Operation[],
): Pick<SessionLife, 'operations' | 'endings' | 'stolenAt' | 'lostAt'> {
  const operations = all.filter(({ session }) => session?.sessionId === life.id);
  const firstOf = (kind: Operation['kind']) =>
    operations.find((each) => each.kind === kind && each.outcome !== 'refused')?.invokedAt ??
    Infinity;
  const stolenAt = firstOf('theft');
  return {
    operations,
    stolenAt,
    lostAt: firstOf('lost-rotation'),
    endings: all.flatMap((operation) => endingBy(operation, life, stolenAt)),
  };
}

function endingBy(operation: Operation, life: Beginning, stolenAt: number): Ending[] {
  const { kind, session, outcome } = operation;
  const isOwn = session?.sessionId === life.id;
  if (kind === 'refresh' || kind === 'fork') {
    return isOwn ? endingByRefresh(operation, stolenAt) : [];
  }
  if (outcome === 'refused') return [];
  if (kind === 'delete-user') {
    return [{ operation, earliest: operation.invokedAt, latest: endOf(operation) }];
  }
  if (kind === 'end-others') return isOwn ? [] : endingOfOther(operation, life);
  if (kind !== 'end-session' || session?.target !== life.id) return [];
  return [{ operation, earliest: operation.invokedAt, latest: endOf(operation) }];
}

/** A session that began meanwhile may have been overlooked. */
function endingOfOther(operation: Operation, { began }: Beginning): Ending[] {
  if (began.invokedAt > operation.completedAt) return [];
  const latest = precedes(began, operation) ? endOf(operation) : Infinity;
  return [{ operation, earliest: operation.invokedAt, latest }];
}

/** The refusal of a refresh token ends its session when somebody else has it; when the answer is lost, nobody knows. */
function endingByRefresh(operation: Operation, stolenAt: number): Ending[] {
  const { session, outcome, invokedAt, completedAt } = operation;
  const earliest = invokedAt;
  if (isReuse(operation)) return [{ operation, earliest, latest: completedAt }];
  const mayBeReuse = session?.byOwner !== true || stolenAt < completedAt || isLate(operation);
  return outcome === 'unknown' && mayBeReuse ? [{ operation, earliest, latest: Infinity }] : [];
}

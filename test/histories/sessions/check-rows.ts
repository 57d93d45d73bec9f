import { endOf, precedes } from '../history.js';
import type { Operation } from '../operation.js';
import { type Violation, violation } from '../violation.js';
import { mayBegin, type SessionHistory, type SessionLife } from './session-lives.js';
import type { SessionRow } from './session-operation.js';
import { MOST_SESSIONS } from './session-times.js';

/** One row a login: a refresh inserts none. What was ended stays so, and no generation comes back. */
export function checkRows(history: SessionHistory): Violation[] {
  return history.operations.flatMap((reading) => {
    const { rows } = reading;
    if (rows === undefined) return [];
    return [
      ...checkNumber(history, reading, rows),
      ...checkCap(history, reading, rows),
      ...rows.flatMap((row) => {
        const life = history.lives.get(row.id);
        return life === undefined ? [] : checkRow(life, reading, row);
      }),
    ];
  });
}

/** A login whose answer was lost may have left a row, and one that is under way. */
function checkNumber(
  { operations, lives }: SessionHistory,
  reading: Operation,
  rows: readonly SessionRow[],
): Violation[] {
  const unknown = rows.filter(({ id }) => !lives.has(id)).length;
  const lost = operations.filter(
    (each) =>
      each.invokedAt < reading.completedAt && mayBegin(each) && each.answer?.access === undefined,
  );
  if (unknown <= lost.length) return [];
  const message = `${unknown} rows are of no login that is known, and ${lost.length} logins have no answer.`;
  return [violation('row without a login', message, [reading])];
}

/** Logins that run in parallel may go over it, until the next one. */
function checkCap(
  { operations }: SessionHistory,
  reading: Operation,
  rows: readonly SessionRow[],
): Violation[] {
  const live = rows.filter((row) => row.live).length;
  if (live <= MOST_SESSIONS) return [];
  const logins = operations.filter(
    (each) => mayBegin(each) && each.outcome !== 'refused' && each.invokedAt < reading.completedAt,
  );
  const last = logins.reduce<Operation | undefined>(
    (latest, each) => (latest && endOf(latest) > endOf(each) ? latest : each),
    undefined,
  );
  const isAlone =
    last !== undefined &&
    precedes(last, reading) &&
    logins.every((each) => each === last || precedes(each, last));
  if (!isAlone) return [];
  const message = `${live} sessions are live after the last login, and ${MOST_SESSIONS} are allowed.`;
  return [violation('more sessions than allowed', message, [last, reading])];
}

function checkRow(life: SessionLife, reading: Operation, row: SessionRow): Violation[] {
  const ending = life.endings.find(({ latest }) => latest < reading.invokedAt)?.operation;
  if (ending !== undefined && !row.ended) {
    const message = `Session ${row.id} is live in the table, although operation ${ending.id} ended it.`;
    return [violation('state moved back', message, [life.began, ending, reading])];
  }
  if (life.lostAt < reading.completedAt) return [];
  const later = life.operations.find(
    (each) => precedes(each, reading) && (each.answer?.refresh?.generation ?? 0) > row.generation,
  );
  if (later === undefined || later.kind === 'fork') return [];
  const message = `Session ${row.id} has generation ${row.generation}, and operation ${later.id} handed out a later one.`;
  return [violation('state moved back', message, [life.began, later, reading])];
}

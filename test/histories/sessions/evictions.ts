import { endOf } from '../history.js';
import type { Operation } from '../operation.js';
import { type Ending, mayBegin, type SessionHistory, type SessionLife } from './session-lives.js';
import { goneBefore } from './session-over.js';
import { MOST_SESSIONS } from './session-times.js';

/** The history with what a login may have ended, because the user had as many sessions as are allowed. */
export function withEvictions(history: SessionHistory): SessionHistory {
  const evicting = history.operations.filter((login) => mayEvict(history, login));
  if (evicting.length === 0) return history;
  const lives = [...history.lives.values()].map((life) => {
    const evictions = evicting.flatMap((login) => evictionBy(login, life));
    return [life.id, { ...life, endings: [...life.endings, ...evictions] }] as const;
  });
  return { ...history, lives: new Map(lives) };
}

/** Which of the sessions it ended, the row alone says; and one that is accepted afterwards is none of them. */
function evictionBy(operation: Operation, { began, operations }: SessionLife): Ending[] {
  if (operation === began || began.invokedAt > operation.completedAt) return [];
  const isAccepted = operations.some(
    ({ kind, outcome, invokedAt }) =>
      (kind === 'request' || kind === 'refresh') &&
      outcome === 'done' &&
      invokedAt > endOf(operation),
  );
  if (isAccepted) return [];
  return [{ operation, earliest: operation.invokedAt, latest: Infinity }];
}

/** The user may have had so many sessions meanwhile. One whose answer was lost counts as long as it may live. */
function mayEvict(history: SessionHistory, login: Operation): boolean {
  if (!mayBegin(login) || login.outcome === 'refused') return false;
  const others = history.operations.filter(
    (each) => each !== login && mayBegin(each) && each.invokedAt < login.completedAt,
  );
  const live = others.filter((began) => {
    if (began.outcome === 'refused') return false;
    const life = history.lives.get(began.answer?.access?.sessionId ?? '');
    return life === undefined || goneBefore(history, life, login) === undefined;
  });
  return live.length >= MOST_SESSIONS;
}

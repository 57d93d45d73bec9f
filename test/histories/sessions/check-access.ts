import type { Operation } from '../operation.js';
import { type Violation, violation } from '../violation.js';
import { isLate, isReuse, type SessionHistory, type SessionLife } from './session-lives.js';
import { certainActivity, certainlyOver, mayBeOver, wasFound } from './session-over.js';

/** What is promised of every operation that presents a token of a session. */
export function checkAccess(history: SessionHistory): Violation[] {
  return history.operations.flatMap((operation) => {
    const { session, outcome } = operation;
    if (session?.access === undefined && session?.refresh === undefined) return [];
    if (outcome === 'unknown') return checkOutage(operation);
    const life = history.lives.get(session.sessionId);
    if (life === undefined) return [];
    return outcome === 'done'
      ? checkAcceptance(history, life, operation)
      : checkRefusal(history, life, operation);
  });
}

/** 503 or a lost connection, or a route of the application's that fails by itself. */
function checkOutage(operation: Operation): Violation[] {
  const { status, reason, kind } = operation;
  if (status === undefined || status === 503 || kind === 'fork') return [];
  return [violation('answer of no kind', `answered with ${status} ${reason}`, [operation])];
}

function checkAcceptance(
  history: SessionHistory,
  life: SessionLife,
  operation: Operation,
): Violation[] {
  // To log out twice is no error.
  if (operation.kind === 'end-session' && operation.session?.refresh) return [];
  const active = certainActivity(history, operation);
  if (active?.value === false) {
    const message = 'The user was disabled, and nobody was about to change that.';
    return [violation('accepted while inactive', message, [active.write, operation])];
  }
  const over = certainlyOver(history, life, operation);
  if (over === undefined) return [];
  const message = `Session ${life.id} is accepted, although ${over.why}.`;
  return [violation(over.rule, message, [life.began, over.witness, operation])];
}

function checkRefusal(
  history: SessionHistory,
  life: SessionLife,
  operation: Operation,
): Violation[] {
  const { session, kind } = operation;
  if (session?.refresh !== undefined && kind !== 'end-session') {
    return checkRefresh(history, life, operation);
  }
  if (hasExpired(operation) || mayBeOver(history, life, operation)) return [];
  const message = `A token of session ${life.id} is refused as ${operation.reason}, though nothing ended it.`;
  return [violation('live token refused', message, [life.began, operation])];
}

/** By the clock of the node that judges. */
function hasExpired({ session, answer, reason }: Operation): boolean {
  const { expires = Infinity } = session?.access ?? {};
  return reason === 'token_expired' && answer!.nodeTime >= expires * 1000;
}

/** A client with one storage, whose refresh token nobody else has, is refused only when its session is over. */
function checkRefresh(
  history: SessionHistory,
  life: SessionLife,
  operation: Operation,
): Violation[] {
  const { session, reason, completedAt } = operation;
  const over = reason === 'refresh_reused' && certainlyOver(history, life, operation);
  if (over) {
    const message = `A refresh token of session ${life.id} is refused as reused, although ${over.why}.`;
    return [
      violation('reuse of a session that is over', message, [life.began, over.witness, operation]),
    ];
  }
  const isHonest = session?.byOwner === true && life.stolenAt > completedAt && !isLate(operation);
  const isOver = isReuse(operation)
    ? wasFound(life, operation)
    : mayBeOver(history, life, operation);
  if (!isHonest || isOver) return [];
  const message = `The device of session ${life.id} is refused as ${reason}, and nobody else has its refresh token.`;
  return [violation('honest client refused', message, [...recent(life, operation), operation])];
}

/** What shows how it came to that. */
function recent({ operations, began }: SessionLife, until: Operation): Operation[] {
  const refreshes = operations.filter(
    ({ kind, invokedAt }) => kind !== 'request' && invokedAt < until.completedAt,
  );
  return [began, ...refreshes.slice(-6)];
}

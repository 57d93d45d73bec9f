import { certainValue, endOf, precedes } from '../history.js';
import type { Operation } from '../operation.js';
import type { BrokenRule } from '../violation.js';
import { isLate, type SessionHistory, type SessionLife } from './session-lives.js';
import { GRACE, IDLE, SIGHT } from './session-times.js';
import { msOf } from './time-lapse.js';

/** The clocks of PostgreSQL and of a history agree within this. */
export const MARGIN_MS = 20;
/** What nodes remember they write within this, or not at all. */
const FLUSHED_MS = 10_000;

/** Why a session was certainly over. */
export interface Over {
  readonly rule: BrokenRule;
  readonly why: string;
  readonly witness: Operation | undefined;
}

/** Why the session of an operation was over for certain before that was invoked; `undefined`: it may have been live. */
export function certainlyOver(
  history: SessionHistory,
  life: SessionLife,
  during: Operation,
): Over | undefined {
  return goneBefore(history, life, during) ?? everyoneBefore(history, life, during);
}

/** The same for what the table shows of the session and of its user. */
export function goneBefore(
  history: SessionHistory,
  life: SessionLife,
  during: Operation,
): Over | undefined {
  return (
    endedBefore(life, during) ??
    expiredBefore(life, during) ??
    invalidatedBefore(history, life, during)
  );
}

const OVER = 'accepted after its session was over';

function endedBefore({ endings }: SessionLife, during: Operation): Over | undefined {
  const witness = endings.find(({ latest }) => latest < during.invokedAt)?.operation;
  return witness && { rule: OVER, why: `operation ${witness.id} ended it`, witness };
}

function expiredBefore(life: SessionLife, during: Operation): Over | undefined {
  const { expires, operations } = life;
  if (expires.latest + MARGIN_MS < during.invokedAt) {
    return { rule: OVER, why: 'its absolute end had passed', witness: undefined };
  }
  const uses = operations.filter((each) => each !== during && each.invokedAt < during.completedAt);
  const last = uses.reduce(
    (latest, { completedAt }) => Math.max(latest, completedAt),
    life.began.completedAt,
  );
  if (last + msOf(IDLE) + FLUSHED_MS > during.invokedAt) return undefined;
  return { rule: OVER, why: 'nothing had used it for too long', witness: undefined };
}

function invalidatedBefore(
  { acknowledged }: SessionHistory,
  { began, checkedAt, access }: SessionLife,
  during: Operation,
): Over | undefined {
  const before = acknowledged.filter((each) => precedes(each, during));
  const witness = before.findLast((each) => each !== began && checkedAt < each.invokedAt);
  if (witness !== undefined) {
    const why = `operation ${witness.id} invalidated all tokens after its password had been checked`;
    return { rule: 'accepted after an invalidation', why, witness };
  }
  if (access.version >= before.length) return undefined;
  return {
    rule: 'accepted with an older version',
    why: `it has version ${access.version}, and ${before.length} invalidations were acknowledged`,
    witness: before.at(-1),
  };
}

function everyoneBefore(
  { everyone }: SessionHistory,
  { began, access }: SessionLife,
  during: Operation,
): Over | undefined {
  const witness = everyone.find(
    (each) =>
      precedes(each, during) &&
      (precedes(began, each) || access.everyoneVersion < each.receipt!.version),
  );
  return (
    witness && {
      rule: 'accepted after everyone was logged out',
      why: `operation ${witness.id} logged everyone out`,
      witness,
    }
  );
}

/** Whether anything may have ended the session before the operation was completed. */
export function mayBeOver(history: SessionHistory, life: SessionLife, during: Operation): boolean {
  const { endings, expires, since, began } = life;
  const mayEnd = (each: Operation) =>
    each !== began && endOf(each) >= since && each.invokedAt <= during.completedAt;
  return (
    endings.some(
      ({ operation, earliest }) => earliest <= during.completedAt && excuses(operation, during),
    ) ||
    expires.earliest - MARGIN_MS <= during.completedAt ||
    history.invalidations.some(mayEnd) ||
    history.everyone.some(mayEnd) ||
    mayBeIdle(life, during) ||
    certainActivity(history, during)?.value !== true
  );
}

/** Whether the session may have ended because another one had its refresh token. */
export function wasFound({ endings }: SessionLife, during: Operation): boolean {
  return endings.some(
    ({ operation, earliest }) =>
      (operation.kind === 'refresh' || operation.kind === 'fork') &&
      earliest <= during.completedAt &&
      excuses(operation, during),
  );
}

/** Whether the user was active throughout. */
export function certainActivity({ activations }: SessionHistory, during: Operation) {
  return certainValue(activations, during, true);
}

/** Of an owner's tabs that are refused at once, the first one shows what is wrong. */
function excuses({ kind, session, ...ended }: Operation, during: Operation): boolean {
  const isOfOwner = (kind === 'refresh' || kind === 'fork') && session?.byOwner === true;
  return !isOfOwner || isLate({ kind, session, ...ended }) || ended.invokedAt < during.invokedAt;
}

/** The last use that was written for certain is the last rotation, or what a lost one left. */
function mayBeIdle({ began, operations, lostAt }: SessionLife, during: Operation): boolean {
  let last = began.invokedAt;
  let generation = 0;
  for (const { answer, invokedAt, completedAt } of operations) {
    if (completedAt > during.completedAt || (answer?.refresh?.generation ?? 0) <= generation)
      continue;
    generation = answer!.refresh!.generation;
    last = invokedAt;
  }
  const least = IDLE - (lostAt < during.completedAt ? 2 * GRACE + SIGHT : 0);
  return during.completedAt - last >= msOf(least) - MARGIN_MS;
}

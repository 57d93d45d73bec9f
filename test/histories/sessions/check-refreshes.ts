import type { Operation } from '../operation.js';
import { type Violation, violation } from '../violation.js';
import type { SessionHistory, SessionLife } from './session-lives.js';
import { MARGIN_MS } from './session-over.js';
import { GRACE, SIGHT } from './session-times.js';
import { msOf } from './time-lapse.js';

/** What is promised of the answers to refresh tokens, and of those that a thief and an owner send. */
export function checkRefreshes({ lives }: SessionHistory): Violation[] {
  return [...lives.values()].flatMap(checkLife);
}

function checkLife(life: SessionLife): Violation[] {
  const accepted = life.operations.filter(
    ({ kind, outcome }) => kind === 'refresh' && outcome === 'done',
  );
  return checkSuccessors(life, accepted).concat(
    accepted.flatMap((operation) => checkClaims(life, operation)),
    checkReuse(life, accepted),
  );
}

/** A refresh token has one successor, which nobody gets who has it already. */
function checkSuccessors({ began }: SessionLife, accepted: readonly Operation[]): Violation[] {
  const known = new Map([[0, began]]);
  return accepted.flatMap((operation) => {
    const given = operation.answer?.refresh;
    const presented = operation.session!.refresh!;
    if (given === undefined) return [];
    if (given.generation === presented.generation) {
      const message = `The answer to refresh token ${presented.generation} holds it once more.`;
      return [violation('refresh token without a rotation', message, [operation])];
    }
    const first = known.get(given.generation);
    if (first === undefined) known.set(given.generation, operation);
    const isSame = first === undefined || first.answer?.refresh?.text === given.text;
    if (given.generation === presented.generation + 1 && isSame) return [];
    const message = `Refresh token ${presented.generation} was answered with ${given.generation}.`;
    return [violation('two successors of one refresh token', message, [first, operation])];
  });
}

/** An access token says of user, login and versions what the first one of its session said. */
function checkClaims({ access: first, began }: SessionLife, operation: Operation): Violation[] {
  const { answer, session } = operation;
  const access = answer?.access;
  const presented = session!.refresh!.generation;
  if (access === undefined) return [];
  const isOfSession =
    access.sessionId === first.sessionId &&
    access.version === first.version &&
    access.everyoneVersion === first.everyoneVersion &&
    access.authTime === first.authTime &&
    access.generation === (answer!.refresh?.generation ?? presented);
  if (isOfSession) return [];
  const message = `The first token says ${JSON.stringify(claimsOf(first))}, the new one ${JSON.stringify(claimsOf(access))}.`;
  return [violation('token differs from its session', message, [began, operation])];
}

function claimsOf({ text: _text, ...claims }: SessionLife['access']) {
  return claims;
}

/**
 * Whoever is behind is found: two rotations behind at once, one behind when the later token was seen to be kept, by its
 * refresh, and the grace is over.
 */
function checkReuse(life: SessionLife, accepted: readonly Operation[]): Violation[] {
  const sights = accepted.flatMap((operation) => sightBy(life, operation));
  return accepted.flatMap((operation) => {
    const { invokedAt, completedAt, session } = operation;
    if (life.lostAt < completedAt) return [];
    const { generation } = session!.refresh!;
    const later = accepted.find(
      (each) =>
        each.completedAt < invokedAt && (each.answer?.refresh?.generation ?? 0) >= generation + 2,
    );
    const sight = sights.find(
      (each) =>
        each.session!.refresh!.generation > generation &&
        each.completedAt + msOf(GRACE) + MARGIN_MS < invokedAt,
    );
    const witness = later ?? sight;
    if (witness === undefined) return [];
    const message = `Refresh token ${generation} of session ${life.id} is accepted, although operation ${witness.id} had a later one.`;
    return [violation('old refresh token accepted', message, [life.began, witness, operation])];
  });
}

/**
 * The refresh, if it shows for certain that the client kept its token: long enough after that was given out for the last
 * time, and while nobody else wrote the session.
 */
function sightBy({ operations }: SessionLife, operation: Operation): Operation[] {
  const { generation } = operation.session!.refresh!;
  const others = operations.filter(
    (each) =>
      each !== operation && each.kind !== 'request' && each.invokedAt < operation.completedAt,
  );
  const isAlone = others.every(({ completedAt }) => completedAt < operation.invokedAt);
  // A fork hands out nothing of it, and is written all the same.
  const gave = others.filter(
    ({ answer, kind, session }) =>
      answer?.refresh?.generation === generation ||
      (kind === 'fork' && session?.refresh?.generation === generation - 1),
  );
  const mayHaveGiven = others.some(
    ({ outcome, session }) =>
      outcome === 'unknown' && session?.refresh?.generation === generation - 1,
  );
  if (!isAlone || mayHaveGiven || operation.answer?.refresh !== undefined) return [];
  const last = gave.reduce((latest, { completedAt }) => Math.max(latest, completedAt), 0);
  return last + msOf(SIGHT) + MARGIN_MS < operation.invokedAt ? [operation] : [];
}

import { certainValue, endOf, precedes, type UserHistory } from './history.js';
import type { IssuedToken, Operation } from './operation.js';
import { type Violation, violation } from './violation.js';

/** What is promised of every request that presents a token. */
export function checkTokens(history: UserHistory): Violation[] {
  return history.operations.flatMap((request) => {
    if (request.token === undefined) return [];
    if (request.outcome === 'refused') return checkRefusal(history, request, request.token);
    if (request.outcome === 'done') return checkAcceptance(history, request, request.token);
    return isOutage(request) ? [] : [violation('answer of no kind', describe(request), [request])];
  });
}

/** 503 or a lost connection; a route of the application's own that writes may also fail by itself. */
function isOutage({ kind, status }: Operation): boolean {
  return status === undefined || status === 503 || (kind !== 'request' && status === 500);
}

function describe({ status, reason }: Operation): string {
  return `answered with ${status} ${reason ?? ''}`.trimEnd();
}

/** The first that holds: one request is one violation, however many promises it breaks. */
function checkAcceptance(
  history: UserHistory,
  request: Operation,
  token: IssuedToken,
): Violation[] {
  const found =
    afterInvalidation(history, request, token) ??
    ofOlderVersion(history, request, token) ??
    afterEveryone(history, request, token) ??
    whileInactive(history, request);
  return found ? [found] : [];
}

function afterInvalidation(
  history: UserHistory,
  request: Operation,
  token: IssuedToken,
): Violation | undefined {
  const fatal = history.acknowledged.findLast(
    (each) =>
      each.id !== token.survivorOf && token.checkedAt < each.invokedAt && precedes(each, request),
  );
  return (
    fatal &&
    violation(
      'accepted after an invalidation',
      `Token ${token.id} was issued for a password that had been checked before operation ${fatal.id} ended all tokens, and is accepted after that was acknowledged.`,
      [history.issuers.get(token.id), fatal, request],
    )
  );
}

/** Each invalidation raises the version by one: so many acknowledged make at least this version. */
function ofOlderVersion(
  history: UserHistory,
  request: Operation,
  token: IssuedToken,
): Violation | undefined {
  const before = history.acknowledged.filter((each) => precedes(each, request));
  const version = token.ver ?? 0;
  if (version >= before.length) return undefined;
  return violation(
    'accepted with an older version',
    `Token ${token.id} of version ${version} is accepted after ${before.length} invalidations were acknowledged.`,
    [history.issuers.get(token.id), before.at(-1), request],
  );
}

/**
 * All that is promised, as nothing but the second of the issue tells: a node whose clock is ahead makes tokens that
 * survive, and so does a login that is under way while that second ends.
 */
function afterEveryone(
  history: UserHistory,
  request: Operation,
  token: IssuedToken,
): Violation | undefined {
  const issuedBy = history.issuers.get(token.id)?.completedAt ?? token.checkedAt;
  const fatal = history.everyone.find(
    (each) =>
      precedes(each, request) &&
      (token.iat <= secondOf(each) || (token.clockOffsetSeconds <= 0 && issuedBy < each.invokedAt)),
  );
  return (
    fatal &&
    violation(
      'accepted after everyone was logged out',
      `Token ${token.id} of second ${token.iat} is accepted after operation ${fatal.id} logged out everyone of second ${secondOf(fatal)}.`,
      [history.issuers.get(token.id), fatal, request],
    )
  );
}

function secondOf({ receipt }: Operation): number {
  return Math.floor(receipt!.effectiveAt / 1000);
}

function whileInactive(history: UserHistory, request: Operation): Violation | undefined {
  const active = certainActivity(history, request);
  if (active?.value !== false) return undefined;
  return violation(
    'accepted while inactive',
    'The user was deactivated, and nobody was about to change that.',
    [active.write, request],
  );
}

function certainActivity({ activations }: UserHistory, request: Operation) {
  return certainValue(activations, request, true);
}

/** Whatever the reason says: a token that must live was refused. */
function checkRefusal(history: UserHistory, request: Operation, token: IssuedToken): Violation[] {
  const active = certainActivity(history, request);
  if (active?.value !== true) return [];
  if (!outlivesInvalidations(history, request, token)) return [];
  if (history.everyone.some((each) => mayEnd(each, request, token))) return [];
  const before = history.acknowledged.findLast((each) => endOf(each) < token.requestedAt);
  return [
    violation(
      'live token refused',
      `Token ${token.id} is refused as ${request.reason}, though nothing ended it since it was asked for.`,
      [before, active.write, history.issuers.get(token.id), request],
    ),
  ];
}

function outlivesInvalidations(
  { invalidations }: UserHistory,
  request: Operation,
  token: IssuedToken,
): boolean {
  // Without a version the token counts as one of version 0, whenever it was signed.
  const start = token.ver === undefined ? -Infinity : token.requestedAt;
  return invalidations.every(
    (each) =>
      each.id === request.id ||
      each.id === token.survivorOf ||
      endOf(each) < start ||
      each.invokedAt > request.completedAt,
  );
}

/**
 * A login afterwards gets in, unless the clock of the node that issues is behind the database's. Afterwards is after the
 * answer, which waits for the end of the second. Where there was none, nobody waited.
 */
function mayEnd(everyone: Operation, request: Operation, token: IssuedToken): boolean {
  if (everyone.invokedAt > request.completedAt) return false;
  if (everyone.receipt === undefined) return true;
  const isOver = everyone.status !== undefined && endOf(everyone) < token.requestedAt;
  if (isOver && token.clockOffsetSeconds >= 0) return false;
  return token.iat <= secondOf(everyone);
}

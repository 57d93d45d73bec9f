import { cutoffOf, endOf, precedes, type UserHistory } from './history.js';
import type { Observation, Operation } from './operation.js';
import { type Violation, violation } from './violation.js';

/** What is promised of version and cutoffs, as receipts, new tokens and the row itself show them. */
export function checkState(history: UserHistory): Violation[] {
  return [
    ...checkVersions(history),
    ...checkEveryoneVersions(history),
    ...checkDistinctVersions(history.acknowledged),
    ...checkDistinctVersions(history.everyone),
    ...checkReceipts(history),
    ...checkObservations(history),
  ];
}

/** Each invalidation raises the version by exactly one, and nothing else moves it. */
function checkVersions({ operations, invalidations }: UserHistory): Violation[] {
  return operations.flatMap((operation) =>
    checkBounds(operation, versionSeen(operation), invalidations),
  );
}

/** The same holds for everyone. */
function checkEveryoneVersions({ observations, everyone }: UserHistory): Violation[] {
  return [...observations, ...everyone].flatMap((operation) => {
    const { observed, receipt } = operation;
    return checkBounds(operation, observed?.everyoneVersion ?? receipt?.version, everyone);
  });
}

function checkBounds(
  operation: Operation,
  version: number | undefined,
  invalidations: readonly Operation[],
): Violation[] {
  if (version === undefined) return [];
  const before = invalidations.filter((each) => precedes(each, operation));
  const least = before.length + (invalidations.includes(operation) ? 1 : 0);
  const most = invalidations.filter((each) => each.invokedAt < operation.completedAt).length;
  if (version >= least && version <= most) return [];
  const message = `Operation ${operation.id} shows version ${version}; ${least} to ${most} invalidations make it.`;
  return [violation('version out of bounds', message, [before.at(-1), operation])];
}

function versionSeen({ receipt, issued, observed }: Operation): number | undefined {
  return receipt?.version ?? observed?.version ?? issued?.ver;
}

function checkDistinctVersions(invalidations: readonly Operation[]): Violation[] {
  const seen = new Map<number, Operation>();
  return invalidations.flatMap((operation) => {
    const version = operation.receipt?.version;
    if (version === undefined) return [];
    const other = seen.get(version);
    seen.set(version, operation);
    if (other === undefined) return [];
    const message = `Two invalidations made version ${version}.`;
    return [violation('version given twice', message, [other, operation])];
  });
}

/** The instant of a receipt lies between the database's clock before and after the invalidation. */
function checkReceipts({ acknowledged, observations }: UserHistory): Violation[] {
  return acknowledged.flatMap((operation) => {
    const { receipt, databaseBefore } = operation;
    if (receipt === undefined) return [];
    const found: Violation[] = [];
    if (databaseBefore !== undefined && receipt.effectiveAt < databaseBefore) {
      const message = `The receipt names ${iso(receipt.effectiveAt)}, and the database's clock had passed ${iso(databaseBefore)} before it was invoked.`;
      found.push(violation('cutoff before its invalidation', message, [operation]));
    }
    const after = observations.find((each) => precedes(operation, each));
    if (after !== undefined && receipt.effectiveAt > after.observed!.databaseTime) {
      const message = `The receipt names ${iso(receipt.effectiveAt)}, and the database's clock showed ${iso(after.observed!.databaseTime)} later.`;
      found.push(violation('cutoff ahead of the clock', message, [operation, after]));
    }
    return found;
  });
}

function checkObservations(history: UserHistory): Violation[] {
  return history.observations.flatMap((observation, index) => [
    ...ahead(observation),
    ...behindInvalidations(history, observation),
    ...movedBack(history.observations.slice(0, index), observation),
  ]);
}

const CUTOFFS = ['passwordChangedAt', 'logoutAllAt', 'everyoneLoggedOutAt'] as const;

function ahead(observation: Operation): Violation[] {
  const seen = observation.observed!;
  const found = CUTOFFS.find((name) => (seen[name] ?? -Infinity) > seen.databaseTime);
  if (found === undefined) return [];
  const message = `${found} is ${iso(seen[found])}, the clock shows ${iso(seen.databaseTime)}.`;
  return [violation('cutoff ahead of the clock', message, [observation])];
}

/** The cutoff that the newest acknowledged invalidation of its kind must have left behind, at the least. */
function behindInvalidations(history: UserHistory, observation: Operation): Violation[] {
  const before = [...history.acknowledged, ...history.everyone].filter((each) =>
    precedes(each, observation),
  );
  return before.flatMap((operation) => {
    const name = cutoffOf(operation) ?? 'everyoneLoggedOutAt';
    const least = Math.max(
      operation.receipt?.effectiveAt ?? -Infinity,
      operation.databaseBefore ?? -Infinity,
    );
    const value = observation.observed![name];
    if (least === -Infinity || (value !== null && value >= least)) return [];
    const message = `${name} is ${iso(value)} after operation ${operation.id}, which was no earlier than ${iso(least)}.`;
    return [violation('cutoff before its invalidation', message, [operation, observation])];
  });
}

function movedBack(earlier: readonly Operation[], observation: Operation): Violation[] {
  const previous = earlier.findLast((each) => endOf(each) < observation.invokedAt);
  if (previous === undefined) return [];
  const [one, other] = [previous.observed!, observation.observed!];
  const found = (['version', 'everyoneVersion', ...CUTOFFS] as const).find(
    (name) => asNumber(one, name) > asNumber(other, name),
  );
  if (found === undefined) return [];
  const message = `${found} was ${one[found]} and is ${other[found]}.`;
  return [violation('state moved back', message, [previous, observation])];
}

function asNumber(observed: Observation, name: keyof Observation): number {
  return observed[name] ?? -Infinity;
}

function iso(milliseconds: number | null): string {
  if (milliseconds === null) return 'never';
  return Number.isNaN(milliseconds) ? 'no instant' : new Date(milliseconds).toISOString();
}

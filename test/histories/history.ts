import type { Operation, OperationKind } from './operation.js';

/** The cutoff that an operation moves. */
type Cutoff = 'passwordChangedAt' | 'logoutAllAt';

const CUTOFFS: Partial<Record<OperationKind, Cutoff>> = {
  'logout-everywhere': 'logoutAllAt',
  logout: 'logoutAllAt',
  invalidate: 'logoutAllAt',
  'password-changed': 'passwordChangedAt',
  'change-password': 'passwordChangedAt',
};

/** The cutoff that this operation moves when it takes effect; `undefined`: it invalidates nothing. */
export function cutoffOf(operation: Operation): Cutoff | undefined {
  return CUTOFFS[operation.kind];
}

/** When it has taken effect for certain: with its completion, or nobody knows when. */
export function endOf(operation: Operation): number {
  return operation.outcome === 'done' ? operation.completedAt : Infinity;
}

/** The one was over before the other began. */
export function precedes(one: Operation, other: Operation): boolean {
  return endOf(one) < other.invokedAt;
}

/** What an operation wrote, or may have. */
export interface Write<Value> {
  readonly write: Operation;
  readonly value: Value;
}

/** All that happened to one user, and to everyone, sorted out once for all checks. */
export interface UserHistory {
  readonly operations: readonly Operation[];
  /** What ended the user's tokens, or may have. */
  readonly invalidations: readonly Operation[];
  /** Those that were acknowledged. */
  readonly acknowledged: readonly Operation[];
  readonly observations: readonly Operation[];
  /** What set whether the user is active. */
  readonly activations: readonly Write<boolean>[];
  readonly everyone: readonly Operation[];
  readonly issuers: ReadonlyMap<number, Operation>;
}

/**
 * @param operations - all of one user's, completed
 * @param everyone - those that concern everyone, and none is missing that was invoked before the last completion
 */
export function userHistory(
  operations: readonly Operation[],
  everyone: readonly Operation[],
): UserHistory {
  const sorted = operations.toSorted((one, other) => one.invokedAt - other.invokedAt);
  const invalidations = sorted.filter(
    (operation) => cutoffOf(operation) !== undefined && operation.outcome !== 'refused',
  );
  return {
    operations: sorted,
    invalidations,
    acknowledged: invalidations.filter(({ outcome }) => outcome === 'done'),
    observations: sorted.filter(({ observed }) => observed !== undefined),
    activations: sorted.flatMap((write) =>
      write.active === undefined ? [] : [{ write, value: write.active }],
    ),
    everyone: everyone.filter(({ outcome }) => outcome !== 'refused'),
    issuers: new Map(
      sorted.flatMap((operation) =>
        operation.issued ? [[operation.issued.id, operation] as const] : [],
      ),
    ),
  };
}

/** What a register held throughout an operation; `undefined`: a write was under way, or nobody knows. */
export function certainValue<Value>(
  writes: readonly Write<Value>[],
  during: Operation,
  initial: Value,
): { readonly value: Value; readonly write?: Operation } | undefined {
  let last: Write<Value> | undefined;
  for (const candidate of writes) {
    const { write } = candidate;
    if (write.outcome === 'refused' || write.invokedAt > during.completedAt) continue;
    if (!precedes(write, during)) return undefined;
    if (last === undefined || write.completedAt > last.write.completedAt) last = candidate;
  }
  return last ?? { value: initial };
}

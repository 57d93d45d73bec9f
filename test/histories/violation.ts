import type { Operation } from './operation.js';

/** The promises that a history can break. */
export type BrokenRule =
  | 'accepted after an invalidation'
  | 'accepted with an older version'
  | 'accepted after everyone was logged out'
  | 'accepted while inactive'
  | 'live token refused'
  | 'right password refused'
  | 'wrong password admitted'
  | 'answer of no kind'
  | 'server ended by itself'
  | 'new primary not found'
  | 'version out of bounds'
  | 'version given twice'
  | 'state moved back'
  | 'cutoff before its invalidation'
  | 'cutoff ahead of the clock'
  | 'accepted after its session was over'
  | 'honest client refused'
  | 'refresh token without a rotation'
  | 'two successors of one refresh token'
  | 'token differs from its session'
  | 'old refresh token accepted'
  | 'reuse of a session that is over'
  | 'row without a login'
  | 'more sessions than allowed';

/** A promise that a history breaks, with no more operations than show it. */
export interface Violation {
  readonly rule: BrokenRule;
  readonly message: string;
  readonly witnesses: readonly Operation[];
}

/** Puts the witnesses into the order of their invocation, each once. */
export function violation(
  rule: BrokenRule,
  message: string,
  witnesses: readonly (Operation | undefined)[],
): Violation {
  const unique = new Set(witnesses.filter((operation) => operation !== undefined));
  return {
    rule,
    message,
    witnesses: [...unique].toSorted((one, other) => one.invokedAt - other.invokedAt),
  };
}

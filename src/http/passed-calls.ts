import type { ExecutionContext } from '@nestjs/common';
import type { TokenVerifier } from '../tokens/token-verifier.service.js';

const PASSED = Symbol('nestjs-token-invalidation: the verifier that let this call pass');

/** Nest makes a context for each call, and hands it to all guards of the call. */
interface PassedContext extends ExecutionContext {
  // A WeakMap would cost more on every request.
  [PASSED]?: TokenVerifier;
}

/**
 * Whether a guard has let this call pass by this verifier. A route may have the guard more than once, and each module
 * that names it has an instance: they make the same demand, so one verdict does for all.
 */
export function hasPassed(context: ExecutionContext, verifier: TokenVerifier): boolean {
  return (context as PassedContext)[PASSED] === verifier;
}

export function notePassed(context: ExecutionContext, verifier: TokenVerifier): void {
  (context as PassedContext)[PASSED] = verifier;
}

import { TokenInvalidationConfigError } from './config.error.js';

/** Collects what cannot work, so that one error says all of it. */
export class SetupProblems {
  private readonly found: string[] = [];

  add(...problems: readonly string[]): void {
    this.found.push(...problems);
  }

  /** What `read` returns; `undefined`: it threw problems, which are collected. Any other error is thrown on. */
  collect<Result>(read: () => Result): Result | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof TokenInvalidationConfigError)) throw error;
      this.add(...error.problems);
      return undefined;
    }
  }

  /** @throws TokenInvalidationConfigError when anything was found */
  throwIfAny(): void {
    if (this.found.length > 0) throw new TokenInvalidationConfigError(this.found);
  }
}

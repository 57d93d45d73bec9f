import { TokenInvalidationConfigError } from '../../src/options/config.error.js';

/** What is wrong with the set-up, as it is thrown; none when nothing is. */
export function problemsOf(setUp: () => unknown): readonly string[] {
  try {
    setUp();
  } catch (error) {
    if (error instanceof TokenInvalidationConfigError) return error.problems;
    throw error;
  }
  return [];
}

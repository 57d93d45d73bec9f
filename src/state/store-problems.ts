import { TokenStateUnavailableError } from './token-state-unavailable.error.js';
import type { SetupNeeds, TokenStateStore } from './token-state.store.js';

/** What the store finds. A database that does not answer is one problem more, with what the driver said. */
export async function storeProblems(
  store: TokenStateStore | undefined,
  needs: SetupNeeds,
): Promise<string[]> {
  try {
    return (await store?.checkSetup(needs)) ?? [];
  } catch (error) {
    if (!(error instanceof TokenStateUnavailableError)) throw error;
    return [
      `database: it cannot be reached: ${reasonOf(error.cause)}: check the connection of the store, and that the server is up.`,
    ];
  }
}

/** What a driver says: Node's error for several addresses has no message but theirs. No credentials of a URL. */
function reasonOf(cause: unknown): string {
  const causes: unknown[] = cause instanceof AggregateError ? cause.errors : [cause];
  return causes
    .map((each) => (each instanceof Error ? each.message : String(each)))
    .join(', ')
    .replaceAll(/\/\/\S*@/g, '//');
}

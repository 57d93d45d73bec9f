import { asError } from './as-error.js';
import type { LoaderMeans } from './user-loader.js';

type Row = readonly unknown[];

/**
 * A user for each row, made in the context of the request that asks, where there are contexts. What code of the
 * application throws for one is that one's error.
 */
export function makeUsers<User>(
  rows: readonly Row[],
  { contexts }: LoaderMeans,
  make: (row: Row) => User,
): (User | Error)[] {
  return rows.map((row, index) => {
    try {
      const inContext = contexts[index];
      return inContext === undefined ? make(row) : inContext(() => make(row));
    } catch (error) {
      return asError(error);
    }
  });
}

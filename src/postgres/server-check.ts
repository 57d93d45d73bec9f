import { TokenInvalidationConfigError } from '../options/config.error.js';
import type { RunStatement } from './pg-pool.js';
import { codeOf, NO_CONNECTION_LEFT } from './pg-error.js';
import { milliseconds } from './sql.js';

const PLACE = "SELECT pg_is_in_recovery()::text, current_setting('transaction_read_only')";

/**
 * Why the server cannot be the one that has the last word, with what to do. Empty: it is a primary that takes writes.
 *
 * @param run - runs a statement outside of any transaction
 */
export async function checkServer(run: RunStatement): Promise<string[]> {
  const [row] = await run({ text: PLACE, values: [] });
  const [isStandby, isReadOnly] = row as [string, string];
  if (isStandby === 'true') {
    return [
      'database: the server is a standby: connect to the primary, which alone knows at once which tokens are valid.',
    ];
  }
  if (isReadOnly === 'off') return [];
  return [
    'database: transactions are read-only: connect to the primary, and leave default_transaction_read_only off for its role.',
  ];
}

/** The time of the server, in milliseconds since the epoch. */
export async function serverTime(run: RunStatement): Promise<number> {
  const [row] = await run({ text: `SELECT ${milliseconds('clock_timestamp()')}`, values: [] });
  return Number(row![0]);
}

/** What is wrong when the check of the set-up fails: options, or a server without a connection left. @throws any other error */
export function setupProblems(error: unknown): string[] {
  if (error instanceof TokenInvalidationConfigError) return [...error.problems];
  const { cause } = error as { cause?: unknown };
  if (codeOf(cause) !== NO_CONNECTION_LEFT) throw error;
  return [
    'database: the server has no connection left for the token state: raise max_connections, or the limit of the role or database, or make pools smaller. Each process needs one connection at least, and uses six at most.',
  ];
}

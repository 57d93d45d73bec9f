/** SQLSTATE feature_not_supported: "cached plan must not change result type". */
export const PLAN_OUTDATED = '0A000';

/** SQLSTATE undefined_column: the table has lost a column since it was looked at. */
export const UNDEFINED_COLUMN = '42703';

/** `PLAN_OUTDATED`, or SQLSTATE invalid_sql_statement_name or duplicate_prepared_statement. */
export function isFaultOfPreparing(error: unknown): boolean {
  return [PLAN_OUTDATED, '26000', '42P05'].includes(codeOf(error));
}

/** SQLSTATE classes 22, 23, 42 and P0: the database works and rejects the statement. */
export function isFaultOfStatement(error: unknown): boolean {
  return ['22', '23', '42', 'P0'].includes(codeOf(error).slice(0, 2));
}

/** SQLSTATE serialization_failure or deadlock_detected: rolled back, for no reason of the statement's. */
export function isRolledBack(error: unknown): boolean {
  return ['40001', '40P01'].includes(codeOf(error));
}

/** SQLSTATE read_only_sql_transaction: not a primary, or not any more. */
export const READ_ONLY = '25006';

/** SQLSTATE idle_session_timeout: the connection was closed while it had nothing to do. */
export const CLOSED_IDLE = '57P05';

/** SQLSTATE too_many_connections, of the server, a database or a role. */
export const NO_CONNECTION_LEFT = '53300';

/** What pg says when a statement's time is over. The statement goes on at the server. */
export function isTimeout(error: unknown): boolean {
  return (error as Error | undefined)?.message === 'Query read timeout';
}

/** A pooler refuses a connection that comes with a setting it does not know. */
export function isUnknownSetting(error: unknown): boolean {
  return /unsupported startup parameter/.test(String((error as Error | undefined)?.message));
}

/** The connection failed or was closed, or the server is about to end: all but what a server says of a statement. */
export function isOfConnection(error: unknown): boolean {
  const code = codeOf(error);
  const isSqlState = /^[0-9A-Z]{5}$/.test(code) && /\d/.test(code);
  return !isSqlState || /^(08|57P)/.test(code);
}

export function codeOf(error: unknown): string {
  return String((error as { code?: unknown } | null | undefined)?.code);
}

/** Where an error has another within: TypeORM's, Prisma's, and any that has a cause. */
const WITHIN = ['driverError', 'meta', 'driverAdapterError', 'cause'];

/** Deep enough for Prisma's `meta.driverAdapterError.cause`, and an end for errors that have themselves as the cause. */
const DEPTH = 4;

/** What PostgreSQL says of the row that failed, of statements in triggers, and, where it is set to, of the values. */
const REVEALING = ['detail', 'where', 'internalQuery'];

/**
 * The same error, without the password hashes that would go into a log with it: TypeORM's error has the values of the
 * statement, PostgreSQL's the row that failed, and those of other layers have PostgreSQL's within.
 */
export function withoutValues(error: unknown, depth = DEPTH): unknown {
  if (typeof error !== 'object' || error === null || depth === 0) return error;
  if ('parameters' in error) Reflect.set(error, 'parameters', []);
  for (const name of REVEALING) {
    if (name in error) Reflect.set(error, name, undefined);
  }
  for (const name of WITHIN) withoutValues(Reflect.get(error, name), depth - 1);
  return error;
}

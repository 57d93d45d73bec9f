/** SQLSTATE feature_not_supported: "cached plan must not change result type". */
export const PLAN_OUTDATED = '0A000';

/** The same, or SQLSTATE invalid_sql_statement_name or duplicate_prepared_statement. */
export function isFaultOfPreparing(error: unknown): boolean {
  return [PLAN_OUTDATED, '26000', '42P05'].includes(codeOf(error));
}

/** SQLSTATE classes 22, 23, 42 and P0: the database is well and refuses the statement. */
export function isFaultOfStatement(error: unknown): boolean {
  return ['22', '23', '42', 'P0'].includes(codeOf(error).slice(0, 2));
}

export function codeOf(error: unknown): string {
  return String((error as { code?: unknown } | null | undefined)?.code);
}

/**
 * The same error, without the password hashes that would go into a log with it: TypeORM's error has the values of the
 * statement, PostgreSQL's the row that failed.
 */
export function withoutValues(error: unknown): unknown {
  const inner = (error as { driverError?: unknown } | null | undefined)?.driverError;
  for (const each of [error, inner]) {
    if (typeof each !== 'object' || each === null) continue;
    if ('parameters' in each) Reflect.set(each, 'parameters', []);
    if ('detail' in each) Reflect.set(each, 'detail', undefined);
  }
  return error;
}

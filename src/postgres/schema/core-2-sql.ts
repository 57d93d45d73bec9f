import { quoteName } from '../sql.js';
import type { SqlNames } from './schema-version.js';

/** Bits of the numbers that JavaScript tells apart, but for one. */
export const SAFE_BITS = 52;

/** The names, quoted, each table and function with its schema. */
export function sqlNames(names: SqlNames) {
  const inSchema = (name: string) => `${names.schema}.${quoteName(name)}`;
  const functionName = (suffix: string) => inSchema(`${names.users}_token_invalidation${suffix}`);
  return {
    users: inSchema(names.users),
    everyone: inSchema(names.everyone),
    id: quoteName(names.id),
    version: quoteName(names.tokenVersion),
    passwordChangedAt: quoteName(names.passwordChangedAt),
    logoutAllAt: quoteName(names.logoutAllAt),
    functions: {
      state: functionName('_state'),
      takeId: functionName('_take_id'),
      leaveId: functionName('_leave_id'),
      everyone: functionName('_everyone'),
    },
  };
}

/** ALWAYS: also for what logical replication applies, and where `session_replication_role` is `replica`. */
export function trigger(name: string, table: string, action: string): string[] {
  return [
    `DROP TRIGGER IF EXISTS ${name} ON ${table}`,
    `CREATE TRIGGER ${name} ${action}`,
    `ALTER TABLE ${table} ENABLE ALWAYS TRIGGER ${name}`,
  ];
}

/**
 * How high SQL may set a version of this value's type: half of what the type holds, and no number that JavaScript cannot
 * tell from the next. Above it a version only rises by one, so that there is always room for invalidations.
 */
export function highestOf(version: string): string {
  return `1::bigint << least(8 * pg_column_size(${version}) - 2, ${SAFE_BITS})`;
}

/** NULL is not above anything, and keeps the version. */
export function raisedAtMost(version: string, highest: string): string {
  return `NEW.${version} := CASE WHEN NEW.${version} > OLD.${version} THEN least(NEW.${version}, greatest(OLD.${version}::bigint + 1, ${highest})) ELSE OLD.${version} END;`;
}

/** greatest() ignores NULL: that keeps a cutoff that is cleared, and lets the first one be set. */
export function neverBack(cutoff: string): string {
  return `NEW.${cutoff} := greatest(OLD.${cutoff}, NEW.${cutoff});`;
}

/** Not least(), which ignores NULL and would set a cutoff where there is none. */
export function notAhead(cutoff: string): string {
  return `CASE WHEN NEW.${cutoff} > instant THEN instant ELSE NEW.${cutoff} END`;
}

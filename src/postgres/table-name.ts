import { isText } from '../options/checks.js';
import { option, type OptionRow } from '../options/option-table.js';

/** PostgreSQL cuts longer names off without an error. */
const MAX_NAME_BYTES = 63;

/** A table's name, and its schema where it has one. */
export interface TableName {
  readonly schema?: string;
  readonly table: string;
}

/** Reads `name` or `schema.name`; `undefined`: it is neither. */
export function splitTable(given: unknown): TableName | undefined {
  const parts = isText(given) ? given.split('.') : [];
  if (parts.length === 0 || parts.length > 2 || parts.includes('')) return undefined;
  const [first, second] = parts;
  return second === undefined ? { table: first! } : { schema: first!, table: second };
}

/** A row for the name of a table. With `longestSuffix` its name must leave room for what is made of it. */
export function tableRow(missing: string, longestSuffix = ''): OptionRow<string> {
  const most = MAX_NAME_BYTES - longestSuffix.length;
  return option({
    check: (value) => isName(splitTable(value)?.table, most),
    problem: (value) => {
      const name = splitTable(value)?.table;
      return name === undefined
        ? 'is not a name or schema.name: give the one that the table has in the database.'
        : nameProblem(name, most);
    },
    missing,
  });
}

/** A row for a name in the database that is not quoted, and that PostgreSQL keeps whole. */
export function nameRow(fallback?: string): OptionRow<string> {
  return {
    default: fallback,
    check: (value) => isName(value, MAX_NAME_BYTES),
    problem: (value) => nameProblem(value, MAX_NAME_BYTES),
  };
}

function isName(value: unknown, most: number): boolean {
  return isText(value) && Buffer.byteLength(value) <= most;
}

function nameProblem(value: unknown, most: number): string {
  return isText(value)
    ? `is ${JSON.stringify(value)}: give a name of at most ${most} bytes.`
    : 'is not a name: give the one that it has in the database.';
}

import { booleanRow, durationRow, textRow } from '../options/checks.js';
import { type Duration, durationSeconds } from '../options/duration.js';
import { type OptionRow, valueOf } from '../options/option-table.js';

/** The options that every store over PostgreSQL takes. */
export interface PostgresStoreOptions {
  /** Table that holds what concerns everyone. Default: the users table's name with `_token_invalidation`, in its schema. */
  everyoneTable?: string | undefined;
  /** Names the users of this table: every token carries it, and a token with another is refused. Default: the table with its schema, as `public.users`. */
  realm?: string | undefined;
  /** Whether boot looks for the columns and the triggers in the database. Default: `true`. */
  checkSchema?: boolean | undefined;
  /** Says that the policies of row level security hide no row from the application's role. Default: `false`. */
  seesAllRows?: boolean | undefined;
  /** How long a write outside of a transaction may take. Seconds, or text with a unit. Default: `'10s'`. */
  writeTimeout?: Duration | undefined;
}

export const POSTGRES_STORE_ROWS = {
  everyoneTable: textRow('is not text: give the name of the table, without its schema.'),
  realm: textRow("is not text: give a name for the users of this table, such as 'customers'."),
  checkSchema: booleanRow(true),
  seesAllRows: booleanRow(false),
  writeTimeout: durationRow('10s', { least: 0.001, most: 3600 }),
} satisfies Record<keyof PostgresStoreOptions, OptionRow>;

export interface StoreSettings {
  readonly everyoneTable: string | undefined;
  readonly realm: string | undefined;
  readonly checkSchema: boolean;
  readonly seesAllRows: boolean;
  /** NaN for a time limit that cannot be used. */
  readonly writeTimeoutMs: number;
}

/** Fills in the defaults. Of options that cannot be used, boot says so before anything runs; such a time limit is NaN. */
export function storeSettings(given: PostgresStoreOptions): StoreSettings {
  const { everyoneTable, realm, checkSchema, seesAllRows, writeTimeout } = POSTGRES_STORE_ROWS;
  const duration: Duration = valueOf(writeTimeout, given.writeTimeout);
  return {
    everyoneTable: valueOf(everyoneTable, given.everyoneTable),
    realm: valueOf(realm, given.realm),
    checkSchema: valueOf(checkSchema, given.checkSchema),
    seesAllRows: valueOf(seesAllRows, given.seesAllRows),
    writeTimeoutMs: writeTimeout.check(duration) ? 1000 * durationSeconds(duration)! : NaN,
  };
}

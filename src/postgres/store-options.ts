import { booleanRow, durationRow, textRow } from '../options/checks.js';
import { requireSeconds } from '../options/duration.js';
import { valueOf } from '../options/option-table.js';

/** The options that every store over PostgreSQL has. */
export const STORE_OPTIONS = {
  /** Table that holds what concerns everyone. Default: the users table's name with `_token_invalidation`, in its schema. */
  everyoneTable: textRow('is not text: give the name of the table, without its schema.'),
  /** Names the users of this table: every token carries it, and a token with another is refused. Default: the table with its schema, as `public.users`. */
  realm: textRow("is not text: give a name for the users of this table, such as 'customers'."),
  /** Whether boot looks for the columns and the triggers in the database. Default: `true`. */
  checkSchema: booleanRow(true),
  /** Says that the policies of row level security hide no row from the application's role. Default: `false`. */
  seesAllRows: booleanRow(false),
  /** How long a write outside of a transaction may take. Seconds, or text with a unit. Default: `'10s'`. */
  writeTimeout: durationRow('10s', { least: 0.001, most: 3600 }),
};

export interface StoreSettings {
  readonly everyoneTable: string | undefined;
  readonly realm: string | undefined;
  readonly checkSchema: boolean;
  readonly seesAllRows: boolean;
  readonly writeTimeoutMs: number;
}

type GivenOptions = { [Name in keyof typeof STORE_OPTIONS]?: unknown };

/** Fills in the defaults, also for options that cannot be used: boot names those before anything runs. */
export function storeSettings(given: GivenOptions): StoreSettings {
  const { everyoneTable, realm, checkSchema, seesAllRows, writeTimeout } = STORE_OPTIONS;
  const duration = writeTimeout.check(given.writeTimeout) ? given.writeTimeout : undefined;
  return {
    everyoneTable: valueOf(everyoneTable, given.everyoneTable),
    realm: valueOf(realm, given.realm),
    checkSchema: valueOf(checkSchema, given.checkSchema),
    seesAllRows: valueOf(seesAllRows, given.seesAllRows),
    writeTimeoutMs: 1000 * requireSeconds(valueOf(writeTimeout, duration), 'writeTimeout'),
  };
}

import { type HideProperties, hideProperties } from '../state/hidden-properties.js';
import type { SetupWords, UserSource } from './data-layer.js';
import { findRealm } from './find-realm.js';
import type { RunStatement } from './pg-pool.js';
import { checkSchema } from './schema-check.js';
import { everyoneTableOf, quoteTable } from './sql.js';
import type { StoreSettings } from './store-options.js';
import { type StateStatements, stateStatements } from './state-statements.js';
import { type SubjectFormat, subjectFormat } from './subject-format.js';
import type { UserLoader } from './user-loader.js';

/** All that is known of the users table once the application is up. */
export interface UserDatabase<User> {
  readonly loader: UserLoader<User>;
  readonly hide: HideProperties;
  readonly statements: StateStatements;
  readonly subjects: SubjectFormat;
  /** @throws TypeError when there is no password column */
  passwordText(statement: 'changePassword' | 'rehashPassword'): string;
  /** The realm of the users table where none is named. */
  findRealm(run: RunStatement): Promise<string>;
  /** What the database lacks, each with what to do. */
  check(run: RunStatement): Promise<string[]>;
}

export function userDatabase<User>(
  { columns, loader, hidden }: UserSource<User>,
  words: SetupWords,
  {
    seesAllRows,
    ...settings
  }: Pick<StoreSettings, 'everyoneTable' | 'seesAllRows' | 'checkSchema'>,
): UserDatabase<User> {
  const name = settings.everyoneTable ?? everyoneTableOf(columns.table);
  const everyoneTable = quoteTable(columns.schema, name);
  const statements = stateStatements({ columns, everyoneTable, loaded: loader.columns });
  return {
    loader,
    hide: hideProperties(hidden),
    statements,
    subjects: subjectFormat(columns.idType)!,
    passwordText(statement) {
      const text = statements[statement];
      if (text !== undefined) return text;
      throw new TypeError(
        `The store knows no password column: name it with ${words.passwordOption}.`,
      );
    },
    findRealm: (run) => findRealm(run, columns),
    check: async (run) =>
      settings.checkSchema ? checkSchema(run, { columns, everyoneTable, words, seesAllRows }) : [],
  };
}

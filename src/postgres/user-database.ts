import { type HideProperties, hideProperties } from '../state/hidden-properties.js';
import type { SetupNeeds } from '../state/token-state.store.js';
import type { SetupWords, UserSource } from './data-layer.js';
import { findRealm } from './find-realm.js';
import type { RunStatement } from './pg-pool.js';
import { checkSchema } from './schema-check.js';
import { checkParts } from './part-check.js';
import { everyoneTableOf, quoteTable } from './sql.js';
import type { StoreSettings } from './store-options.js';
import { type StateStatements, stateStatements } from './state-statements.js';
import { type SessionStatements, sessionStatements } from './sessions/session-statements.js';
import { type SubjectFormat, subjectFormat } from './subject-format.js';
import type { UserLoader } from './user-loader.js';

/** All that is known of the users table once the application is up. */
export interface UserDatabase<User> {
  readonly loader: UserLoader<User>;
  readonly hide: HideProperties;
  readonly statements: StateStatements;
  readonly sessions: SessionStatements;
  readonly subjects: SubjectFormat;
  /** @throws TypeError when there is no password column */
  readonly passwordText: (text: string | undefined) => string;
  /** The realm of the users table where none is named. */
  findRealm(run: RunStatement): Promise<string>;
  /** What the database lacks of what is needed, each with what to do. */
  check(run: RunStatement, needs: SetupNeeds): Promise<string[]>;
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
  const parts = { columns, everyoneTable, loaded: loader.columns };
  return {
    loader,
    hide: hideProperties(hidden),
    statements: stateStatements(parts),
    sessions: sessionStatements(parts),
    subjects: subjectFormat(columns.idType)!,
    passwordText: knownPassword(words),
    findRealm: (run) => findRealm(run, columns),
    check: async (run, needs) => {
      if (!settings.checkSchema) return [];
      const expected = { columns, everyoneTable, words, seesAllRows, needs };
      return [...(await checkSchema(run, expected)), ...(await checkParts(run, expected))];
    },
  };
}

function knownPassword({ passwordOption }: SetupWords): UserDatabase<unknown>['passwordText'] {
  return (text) => {
    if (text !== undefined) return text;
    throw new TypeError(`The store knows no password column: name it with ${passwordOption}.`);
  };
}

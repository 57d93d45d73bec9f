import type { OnApplicationShutdown } from '@nestjs/common';
import type { DataSource, EntityManager, ObjectLiteral } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import type { TokenState } from '../rule/token-state.js';
import {
  type CutoffKind,
  type InvalidationTarget,
  type PasswordReplacement,
  type StateQuery,
  type StateReading,
  type StateRecord,
  TokenStateStore,
  type WriteOutcome,
} from '../state/token-state.store.js';
import { Primary } from './primary.js';
import { checkSchema } from './schema-check.js';
import { globalTableOf, quoteTable, statementName } from './sql.js';
import { StateStatements } from './state-statements.js';
import { chooseLoader } from './choose-loader.js';
import type { UserLoader } from './user-loader.js';
import {
  describeUserTable,
  stateOf,
  subjectOf,
  type UserProperties,
  type UserTable,
} from './user-table.js';

export interface TypeOrmStoreSettings {
  /** The user entity's class; boot complains when it is missing. */
  readonly entity: (new (...args: never[]) => object) | undefined;
  readonly properties: UserProperties;
  /** Default: the users table's name with `_token_invalidation`, in its schema. */
  readonly globalTable?: string | undefined;
  /** Whether boot looks for the columns and the trigger in the database. */
  readonly checkSchema: boolean;
  /** How long a write outside of a transaction may take. */
  readonly writeTimeoutMs: number;
}

type Row = [
  place: number,
  id: string,
  version: number,
  passwordChangedAt: number | null,
  logoutAllAt: number | null,
  softDeleted: boolean,
  everyoneLoggedOutAt: number | null,
  ...values: unknown[],
];
const EVERYONE = 6;
const STATE_COLUMNS = 7;

/** Keeps the token state in three columns of the application's own user table, in PostgreSQL through TypeORM. */
export class TypeOrmTokenStateStore<User extends ObjectLiteral>
  extends TokenStateStore<User, EntityManager>
  implements OnApplicationShutdown
{
  private bound?: Bound<User>;

  constructor(
    private readonly dataSource: DataSource | undefined,
    private readonly settings: TypeOrmStoreSettings,
  ) {
    super();
  }

  override async checkSetup(): Promise<string[]> {
    const bound = this.tryToBind();
    if (Array.isArray(bound)) return bound;
    if (!this.settings.checkSchema) return [];
    const { metadata, schema } = bound.table;
    return checkSchema(bound.primary, {
      table: bound.table,
      names: {
        users: quoteTable(schema, metadata.tableName),
        globalTable: this.globalTable(bound.table),
      },
      timeoutMs: this.settings.writeTimeoutMs,
    });
  }

  /** Nest calls it when the application closes. */
  async onApplicationShutdown(): Promise<void> {
    await this.bound?.primary.close();
  }

  describe(user: User): { subject: string; state: TokenState } {
    const { table, dataSource } = this.bind();
    return { subject: subjectOf(dataSource, table, user), state: stateOf(dataSource, table, user) };
  }

  async read(
    queries: readonly StateQuery[],
    { timeoutMs }: { timeoutMs: number },
  ): Promise<StateReading<User>> {
    const { table, loader, primary, readStatement } = this.bind();
    const { text, name } = readStatement;
    const asked = queries
      .map(({ subject }, index) => ({ subject, index }))
      .filter(({ subject }) => table.subjectFormat.accepts(subject));
    const records = queries.map((): StateRecord<User> | Error | undefined => undefined);
    if (asked.length === 0) return { everyoneLoggedOutAt: null, records };

    const values = [asked.map(({ subject }) => subject)];
    const found = (await primary.read({ text, name, values }, timeoutMs)) as Row[];
    // Under a collation without case, say, the database finds more than was asked for.
    const rows = found.filter(([place, id]) => asked[place - 1]!.subject === id);
    const users = await loader.load(rows, STATE_COLUMNS);
    for (const [position, row] of rows.entries()) {
      records[asked[row[0] - 1]!.index] = recordOf(row, users[position]);
    }
    return { everyoneLoggedOutAt: toDate(rows[0]?.[EVERYONE] ?? null), records };
  }

  async invalidate(
    { subject, ifVersion }: InvalidationTarget,
    kind: CutoffKind,
    transaction?: EntityManager,
  ): Promise<WriteOutcome> {
    const text = this.bind().statements.invalidate(kind, ifVersion !== undefined);
    const values = ifVersion === undefined ? [] : [ifVersion];
    return this.update(subject, { text, values }, transaction);
  }

  async changePassword(
    subject: string,
    replacement: PasswordReplacement,
    transaction?: EntityManager,
  ): Promise<WriteOutcome> {
    const column = this.passwordColumn();
    const text = this.bind().statements.changePassword(column);
    return this.update(subject, { text, values: hashes(replacement) }, transaction);
  }

  async rehashPassword(
    subject: string,
    replacement: PasswordReplacement,
    transaction?: EntityManager,
  ): Promise<WriteOutcome> {
    const column = this.passwordColumn();
    const text = this.bind().statements.rehashPassword(column);
    return this.update(subject, { text, values: hashes(replacement) }, transaction);
  }

  async invalidateEveryone(transaction?: EntityManager): Promise<Date> {
    const { statements, primary } = this.bind();
    const statement = { text: statements.invalidateEveryone(), values: [] };
    const [row] = await primary.run(statement, this.settings.writeTimeoutMs, transaction);
    return new Date(row![0] as number);
  }

  private async update(
    subject: string,
    { text, values }: { text: string; values: unknown[] },
    transaction: EntityManager | undefined,
  ): Promise<WriteOutcome> {
    const { table, primary } = this.bind();
    if (!table.subjectFormat.accepts(subject)) return 'unknown';
    const statement = { text, values: [subject, ...values] };
    const [row] = await primary.run(statement, this.settings.writeTimeoutMs, transaction);
    if (row === undefined) return 'unknown';
    const [version, instant] = row as [number | null, number | null];
    return version === null ? 'conflict' : { version, effectiveAt: new Date(instant!) };
  }

  private passwordColumn(): ColumnMetadata {
    const { passwordHash, metadata } = this.bind().table;
    if (passwordHash !== undefined) return passwordHash;
    throw new TypeError(
      `${metadata.name} has no property "passwordHash" or "password": name the one that holds the hash with properties: { passwordHash: '…' }.`,
    );
  }

  private globalTable({ metadata, schema }: UserTable): string {
    return quoteTable(schema, this.settings.globalTable ?? globalTableOf(metadata.tableName));
  }

  private bind(): Bound<User> {
    const bound = this.tryToBind();
    if (Array.isArray(bound)) throw new TypeError(bound.join('\n'));
    return bound;
  }

  /** Entity metadata exists only once the data source is initialised, which may be after this store was made. */
  private tryToBind(): Bound<User> | string[] {
    if (this.bound !== undefined) return this.bound;
    const { dataSource } = this;
    const { entity, properties } = this.settings;
    if (dataSource === undefined) return [NO_DATA_SOURCE];
    if (entity === undefined) return [NO_ENTITY];
    const table = describeUserTable(dataSource, entity, properties);
    if (Array.isArray(table)) return table;

    const statements = new StateStatements(table, this.globalTable(table));
    const loader = chooseLoader<User>(dataSource, table);
    const text = statements.read(loader.columns);
    const readStatement = { text, name: statementName(text) };
    const primary = new Primary(dataSource);
    this.bound = { dataSource, table, primary, statements, loader, readStatement };
    return this.bound;
  }
}

/** What is known once the entity's metadata is. */
interface Bound<User extends ObjectLiteral> {
  readonly dataSource: DataSource;
  readonly table: UserTable;
  readonly primary: Primary;
  readonly statements: StateStatements;
  readonly loader: UserLoader<User>;
  readonly readStatement: { readonly text: string; readonly name: string };
}

const NO_DATA_SOURCE =
  "database: there is no TypeORM data source: import TypeOrmModule.forRoot({ … }) in the root module, name yours with dataSource: getDataSourceToken('…'), or give a store of your own as the option store.";
const NO_ENTITY = 'entity is missing: give the class of the user entity.';

function recordOf<User extends object>(
  row: Row,
  user: User | Error | undefined,
): StateRecord<User> | Error | undefined {
  if (user === undefined || user instanceof Error) return user;
  const [, , tokenVersion, passwordChangedAt, logoutAllAt, softDeleted] = row;
  return {
    user,
    active: !softDeleted,
    state: {
      tokenVersion,
      passwordChangedAt: toDate(passwordChangedAt),
      logoutAllAt: toDate(logoutAllAt),
    },
  };
}

function toDate(milliseconds: number | null): Date | null {
  return milliseconds === null ? null : new Date(milliseconds);
}

function hashes({ currentHash, newHash }: PasswordReplacement): string[] {
  return [currentHash, newHash];
}

import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import type { CutoffKind } from '../state/token-state.store.js';
import { quoteName, quoteTable, REHASH_SETTING, rehashPermit } from './sql.js';
import type { UserTable } from './user-table.js';

/** The database's clock at this moment; `now()` is the transaction's start and may be long past. */
const CLOCK = `date_trunc('milliseconds', clock_timestamp())`;

/** The SQL of the store, written once at boot. Instants are read as milliseconds, whatever type parsers pg was given. */
export class StateStatements {
  private readonly users: string;
  private readonly id: string;
  private readonly version: string;
  private readonly cutoffs: Readonly<Record<CutoffKind, string>>;

  constructor(
    private readonly table: UserTable,
    private readonly globalTable: string,
  ) {
    this.users = quoteTable(table.schema, table.metadata.tableName);
    this.id = columnOf(table.id);
    this.version = columnOf(table.tokenVersion);
    this.cutoffs = {
      password: columnOf(table.passwordChangedAt),
      logout: columnOf(table.logoutAllAt),
    };
  }

  /**
   * Parameter: the ids, one for each query; an id that is asked for twice gives two rows. Columns: the place of the id
   * in the list, the id as text, version, the two cutoffs, whether soft-deleted, the global cutoff, then `columns`.
   *
   * The list stands in a subquery, where the planner cannot count it. Otherwise it would find that a short list deserves
   * a plan of its own, on every read, in place of the one that the prepared statement keeps.
   *
   * The columns share a name. pg makes an object of all their names for each result, and rows that come as arrays have
   * no use for it.
   */
  read(columns: readonly ColumnMetadata[]): string {
    const { deletedAt } = this.table;
    const selected = [
      'asked.place::float8',
      `${this.id}::text`,
      `${this.version}::float8`,
      milliseconds(this.cutoffs.password),
      milliseconds(this.cutoffs.logout),
      deletedAt ? `${columnOf(deletedAt)} IS NOT NULL` : 'false',
      `(SELECT ${milliseconds('g.everyone_logged_out_at')} FROM ${this.globalTable} AS g)`,
      ...columns.map(columnOf),
    ].map((column) => `${column} AS c`);
    return (
      `SELECT ${selected.join(', ')} FROM unnest((SELECT $1::${this.table.idType}[])) WITH ORDINALITY AS asked (id, place) ` +
      `JOIN ${this.users} AS u ON ${this.id} = asked.id`
    );
  }

  /** Parameters: the id, and with `conditional` the version that must still be the user's. */
  invalidate(kind: CutoffKind, conditional: boolean): string {
    return this.update({
      set: [this.bumped(), this.movedCutoff(kind)],
      where: conditional ? `${this.version} = $2::bigint` : 'true',
      instant: this.cutoffs[kind],
    });
  }

  /** Parameters: the id, the current hash, the new hash. */
  changePassword(password: ColumnMetadata): string {
    return this.update({
      set: [
        `${quoteName(password.databaseName)} = $3`,
        this.bumped(),
        this.movedCutoff('password'),
      ],
      where: `${columnOf(password)} = $2`,
      instant: this.cutoffs.password,
    });
  }

  /** Parameters: the id, the current hash, the new hash. Tells the trigger that this very change is a re-hash. */
  rehashPassword(password: ColumnMetadata): string {
    const permit = `set_config('${REHASH_SETTING}', ${rehashPermit('$2::text', '$3::text')}, true)`;
    return this.update({
      with: `permit AS MATERIALIZED (SELECT ${permit} AS granted),`,
      set: [`${quoteName(password.databaseName)} = $3`],
      from: ', permit',
      where: `${columnOf(password)} = $2 AND permit.granted IS NOT NULL`,
      instant: CLOCK,
    });
  }

  /** The clock is read after the row was locked: a wait must not leave the cutoff behind the acknowledgement. */
  invalidateEveryone(): string {
    return (
      `INSERT INTO ${this.globalTable} AS g (everyone_logged_out_at) VALUES (${CLOCK}) ` +
      `ON CONFLICT (singleton) DO UPDATE SET everyone_logged_out_at = greatest(g.everyone_logged_out_at, ${CLOCK}) ` +
      `RETURNING ${milliseconds('g.everyone_logged_out_at')} AS instant`
    );
  }

  /**
   * One UPDATE of one user. No row: no such user. A row of NULLs: the condition was not met.
   *
   * The row is locked first, so that the clock is read after any wait for it, and a user who was deleted meanwhile is
   * unknown.
   */
  private update(parts: {
    with?: string;
    set: readonly string[];
    from?: string;
    where: string;
    instant: string;
  }): string {
    const isUser = `${this.id} = $1::${this.table.idType}`;
    return (
      `WITH locked AS MATERIALIZED (SELECT ${this.id} AS id FROM ${this.users} AS u WHERE ${isUser} FOR NO KEY UPDATE), ` +
      `${parts.with ?? ''} changed AS (UPDATE ${this.users} AS u SET ${parts.set.join(', ')} ` +
      `FROM locked${parts.from ?? ''} WHERE ${this.id} = locked.id AND ${parts.where} ` +
      `RETURNING ${this.version}::float8 AS version, ${milliseconds(parts.instant)} AS instant) ` +
      `SELECT changed.version, changed.instant FROM locked LEFT JOIN changed ON true`
    );
  }

  private bumped(): string {
    return `${unqualified(this.version)} = ${this.version} + 1`;
  }

  /** greatest() passes over NULL, so a first cutoff is set and a later one never moves back. */
  private movedCutoff(kind: CutoffKind): string {
    const cutoff = this.cutoffs[kind];
    return `${unqualified(cutoff)} = greatest(${cutoff}, ${CLOCK})`;
  }
}

function columnOf(column: ColumnMetadata): string {
  return `u.${quoteName(column.databaseName)}`;
}

function unqualified(column: string): string {
  return column.slice('u.'.length);
}

function milliseconds(instant: string): string {
  return `(extract(epoch FROM ${instant}) * 1000)::float8`;
}

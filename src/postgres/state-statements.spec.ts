import type { EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { describe, expect, it } from 'vitest';
import { StateStatements } from './state-statements.js';
import { subjectFormat } from './subject-format.js';
import type { UserTable } from './user-table.js';

const column = (databaseName: string) => ({ databaseName }) as ColumnMetadata;

/** Each name would end its quotes, were they not doubled. */
const PASSWORD = column('p"w');
const TABLE: UserTable = {
  metadata: { tableName: 'the "users"' } as EntityMetadata,
  schema: 'my "schema"',
  id: column('i"d'),
  idType: 'uuid',
  subjectFormat: subjectFormat('uuid')!,
  tokenVersion: column('v"n'),
  passwordChangedAt: column('c"t'),
  logoutAllAt: column('l"t'),
  deletedAt: column('d"t'),
};

const statements = new StateStatements(TABLE, '"my ""schema"""."all"');
const every: [string, string][] = [
  ['read', statements.read([column('n"e'), column('plain')])],
  ['invalidate', statements.invalidate('logout', true)],
  ['changePassword', statements.changePassword(PASSWORD)],
  ['rehashPassword', statements.rehashPassword(PASSWORD)],
  ['invalidateEveryone', statements.invalidateEveryone()],
];

describe.each(every)('the SQL of %s', (name, sql) => {
  it('has every name in quotes, with the quotes in it doubled', () => {
    // What is left when everything quoted is gone holds no quote, and none of the names.
    const rest = sql.replaceAll(/"(?:[^"]|"")*"/g, '');
    expect(rest).not.toContain('"');
    for (const quoted of ['i"d', 'v"n', 'p"w', 'the "users"']) expect(sql).not.toContain(quoted);
  });

  it('has values for parameters only', () => {
    const parameters = new Set(sql.match(/\$\d+/g));
    const count = { read: 1, invalidate: 2, changePassword: 3, rehashPassword: 3 }[name] ?? 0;
    expect(parameters.size).toBe(count);
  });

  it('asks no clock but that of the moment', () => {
    expect(sql).not.toMatch(/\bnow\(\)|current_timestamp|statement_timestamp/i);
  });

  it('is one statement', () => {
    expect(sql).not.toContain(';');
  });
});

it('the SQL of an unconditional invalidation has one parameter', () => {
  const sql = statements.invalidate('password', false);
  expect(new Set(sql.match(/\$\d+/g))).toEqual(new Set(['$1']));
});

it('the SQL of a read asks for no column of an entity without soft deletion', () => {
  const { deletedAt: _, ...table } = TABLE;
  expect(new StateStatements(table, '"all"').read([])).not.toContain('d""t');
});

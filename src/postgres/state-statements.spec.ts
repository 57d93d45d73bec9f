import { describe, expect, it } from 'vitest';
import { stateStatements } from './state-statements.js';
import type { UserColumns } from './user-columns.js';

/** Each name would end its quotes, were they not doubled. */
const COLUMNS: UserColumns = {
  schema: 'my "schema"',
  table: 'the "users"',
  id: 'i"d',
  idType: 'uuid',
  tokenVersion: 'v"n',
  passwordChangedAt: 'c"t',
  logoutAllAt: 'l"t',
  password: 'p"w',
  deletedAt: 'd"t',
};

const partsOf = (columns: UserColumns) => ({
  columns,
  everyoneTable: '"my ""schema"""."all"',
  loaded: ['n"e', 'plain'],
});
const statements = stateStatements(partsOf(COLUMNS));
const every: [name: string, sql: string, parameters: string[]][] = [
  ['a read of one user', statements.readOne.nothing.text, ['$1']],
  ['a read of several', statements.readMany.both.text, ['$1', '$2', '$3']],
  ['invalidate', statements.invalidate.logout, ['$1']],
  ['invalidate for a password', statements.invalidate.password, ['$1']],
  ['invalidate with a version', statements.invalidateIfVersion.logout, ['$1', '$2']],
  ['changePassword', statements.changePassword!, ['$1', '$2', '$3']],
  ['rehashPassword', statements.rehashPassword!, ['$1', '$2', '$3']],
  ['invalidateEveryone', statements.invalidateEveryone, []],
];

describe.each(every)('the SQL of %s', (_, sql, parameters) => {
  it('has every name in quotes, with the quotes in it doubled', () => {
    // What is left when everything quoted is gone holds no quote, and none of the names.
    const rest = sql.replaceAll(/"(?:[^"]|"")*"/g, '');
    expect(rest).not.toContain('"');
    for (const quoted of ['i"d', 'v"n', 'p"w', 'the "users"']) expect(sql).not.toContain(quoted);
  });

  it('has values for parameters only', () => {
    expect([...new Set(sql.match(/\$\d+/g))].toSorted()).toEqual(parameters);
  });

  it('asks no clock but that of the moment', () => {
    expect(sql).not.toMatch(/\bnow\(\)|current_timestamp|statement_timestamp/i);
  });

  it('is one statement', () => {
    expect(sql).not.toContain(';');
  });
});

it('the two kinds of invalidation move different cutoffs', () => {
  const { logout, password } = statements.invalidate;
  expect([logout, password].map((sql) => /SET .*? WHERE/.exec(sql)![0])).toEqual([
    expect.not.stringContaining('"c""t"'),
    expect.not.stringContaining('"l""t"'),
  ]);
});

it('the SQL of a read asks for no column where users are not soft-deleted', () => {
  const { readOne } = stateStatements(partsOf({ ...COLUMNS, deletedAt: undefined }));
  expect(readOne.nothing.text).not.toContain('d""t');
});

it('there is no SQL for a password that is not in the table', () => {
  const { changePassword, rehashPassword } = stateStatements(
    partsOf({ ...COLUMNS, password: undefined }),
  );
  expect([changePassword, rehashPassword]).toEqual([undefined, undefined]);
});

it('the name of the read is that of its text', () => {
  const other = stateStatements({ ...partsOf(COLUMNS), loaded: [] });
  expect(other.readOne.nothing.name).not.toBe(statements.readOne.nothing.name);
});

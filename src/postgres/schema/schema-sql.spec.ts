import { describe, expect, it } from 'vitest';
import type { SchemaOptions } from './schema-options.js';
import { schemaSql } from './schema-sql.js';

const GOOD: SchemaOptions = { table: 'users', password: 'password' };
const MISSING = 'is missing: give the name that it has in the database.';
const NAMES =
  'table, password, id, tokenVersion, passwordChangedAt, logoutAllAt, everyoneTable, lockTimeout, from, to';
const NO_NAME = 'is not a name: give the one that it has in the database.';
const NO_TABLE =
  'table is not a name or schema.name: give the one that the table has in the database.';
const NO_VERSION = 'is not a version of this part: choose from 2.';
const NO_PART = 'is not an option: choose from core, sessions, revoked_tokens.';

const tooLong = (option: string, name: string, most: number) =>
  `${option} is ${JSON.stringify(name)}: give a name of at most ${most} bytes.`;

const sqlOf = (options: object, defaultSchema?: string) =>
  schemaSql({ ...GOOD, ...options }, { name: 'migration', defaultSchema });

/** What is wrong with these options; `undefined`: nothing. */
function problemOf(options: object): string | undefined {
  try {
    sqlOf(options);
    return undefined;
  } catch (error) {
    return (error as TypeError).message.replaceAll('migration: ', '');
  }
}

describe('the options of a migration', () => {
  it.each<[string, object, string]>([
    ['no table', { table: undefined }, `table ${MISSING}`],
    ['an empty table', { table: '' }, NO_TABLE],
    ['a table that is no text', { table: 5 }, NO_TABLE],
    [
      'no password column',
      { password: undefined },
      'password is missing: name the column that holds the hash, or give null when the table has none.',
    ],
    ['an empty password column', { password: '' }, `password ${NO_NAME}`],
    ['a name of three parts', { table: 'db.auth.users' }, NO_TABLE],
    ['a schema without a table', { table: 'auth.' }, NO_TABLE],
    ['a table without its schema', { table: '.users' }, NO_TABLE],
    [
      'a table with too long a name',
      { table: `auth.${'u'.repeat(36)}` },
      tooLong('table', 'u'.repeat(36), 35),
    ],
    ['a name too long in bytes', { table: 'ü'.repeat(18) }, tooLong('table', 'ü'.repeat(18), 35)],
    ...(
      [
        'everyoneTable',
        'id',
        'password',
        'tokenVersion',
        'passwordChangedAt',
        'logoutAllAt',
      ] as const
    ).flatMap((option): [string, object, string][] => [
      [`an empty ${option}`, { [option]: '' }, `${option} ${NO_NAME}`],
      [`too long a ${option}`, { [option]: 'n'.repeat(64) }, tooLong(option, 'n'.repeat(64), 63)],
      [`a ${option} that is no text`, { [option]: 5 }, `${option} ${NO_NAME}`],
    ]),
    [
      'the names of 0.1.0',
      { usersTable: 'users' },
      `usersTable is not an option: choose from ${NAMES}.`,
    ],
    ...[-1, 'soon', 86_401, '5'].map((lockTimeout): [string, object, string] => [
      `a lockTimeout of ${lockTimeout}`,
      { lockTimeout },
      `lockTimeout is ${JSON.stringify(lockTimeout)}: give seconds as a number, or text with a unit such as '15m'. From 0 to 86400 s.`,
    ]),
    ['a part that is not there', { to: { cellar: 1 } }, `to.cellar ${NO_PART}`],
    ['a part that every object has', { to: { toString: 1 } }, `to.toString ${NO_PART}`],
    ['a version that is not there', { to: { core: 3 } }, `to.core ${NO_VERSION}`],
    ['a version that is text', { to: { core: '2' } }, `to.core ${NO_VERSION}`],
    ['a version that was never published', { from: { core: 1 } }, `from.core ${NO_VERSION}`],
    [
      'parts that are no object',
      { to: 2 },
      'to is not an object with parts and their versions: give { core: 2 }.',
    ],
    [
      'everything at once',
      { id: '', lockTimeout: 'soon', tabel: 'users' },
      `tabel is not an option: did you mean table? Choose from ${NAMES}.\nid ${NO_NAME}\nlockTimeout is "soon": give seconds as a number, or text with a unit such as '15m'. From 0 to 86400 s.`,
    ],
    ['nothing to do', { from: { core: 2 } }, 'to has nothing that is not in from.'],
    ['nothing to bring', { to: {} }, 'to has nothing that is not in from.'],
  ])('say what is wrong with %s', (_, options, problem) => {
    expect(problemOf(options)).toBe(problem);
  });

  it.each([
    {},
    { password: null },
    { table: `auth.${'u'.repeat(35)}` },
    { id: 'n'.repeat(63), everyoneTable: 'n'.repeat(63) },
    { lockTimeout: 0 },
    { from: {}, to: { core: 2 } },
    { from: { core: undefined } },
  ])('may be %j', (options) => {
    expect(problemOf(options)).toBeUndefined();
  });
});

it('a migration without options says what is missing', () => {
  expect(() => schemaSql(undefined as never, { name: 'migration' })).toThrow(
    /^migration: table is missing.*\nmigration: password is missing/,
  );
});

describe('the SQL of a migration', () => {
  it('goes to core, version 2, unless something else is named: for good', () => {
    expect(sqlOf({})).toEqual(sqlOf({ from: {}, to: { core: 2 } }));
  });

  it('is one statement each', () => {
    for (const sql of Object.values(sqlOf({}))) expect(sql).toMatch(/^DO (\$sql_\d+\$)[^]*\1$/);
  });

  it('waits five seconds for a lock, or as long as it is given', () => {
    expect(sqlOf({}).up).toContain("set_config('lock_timeout', '5000', true)");
    expect(sqlOf({ lockTimeout: '1.5s' }).down).toContain("'lock_timeout', '1500'");
    expect(sqlOf({ lockTimeout: 0 }).up).toContain("'lock_timeout', '0'");
  });

  it('looks for the table in the schema that it is named with, or else in the default one', () => {
    expect(sqlOf({}).up).toContain(`to_regclass('"users"')`);
    expect(sqlOf({}, 'app').up).toContain(`to_regclass('"app"."users"')`);
    expect(sqlOf({ table: 'auth.users' }, 'app').up).toContain(`to_regclass('"auth"."users"')`);
  });

  it('has another mark for the schema where a name has the usual one', () => {
    expect(sqlOf({}).up).toContain('@schema@."users"');
    expect(sqlOf({ id: '@schema@' }).up).toContain('@schema_1@."users"');
  });
});

import { describe, expect, it } from 'vitest';
import type { SchemaOptions } from './schema-options.js';
import { schemaSql } from './schema-sql.js';

const GOOD: SchemaOptions = { table: 'users', password: 'password' };
const MISSING = 'is missing: give the name that it has in the database.';
const CHOICE = 'does not exist: choose from core: 2, sessions: 1, revoked_tokens: 1.';

const tooLong = (option: string, name: string, most: number) =>
  `${option} is ${JSON.stringify(name)}: give a name of at most ${most} bytes.`;
const noName = (name: string) => `table ${JSON.stringify(name)} is not a name or schema.name.`;

const sqlOf = (options: object, defaultSchema?: string) =>
  schemaSql({ ...GOOD, ...options }, { name: 'migration', defaultSchema });

/** What is wrong with these options; `undefined`: nothing. */
function problemOf(options: object): string | undefined {
  try {
    sqlOf(options);
    return undefined;
  } catch (error) {
    return String(error).replace('TypeError: migration: ', '');
  }
}

describe('the options of a migration', () => {
  it.each<[string, object, string]>([
    ['no table', { table: undefined }, `table ${MISSING}`],
    ['an empty table', { table: '' }, `table ${MISSING}`],
    [
      'no password column',
      { password: undefined },
      'password is missing: name the column that holds the hash, or give null when the table has none.',
    ],
    ['an empty password column', { password: '' }, `password ${MISSING}`],
    ['a name of three parts', { table: 'db.auth.users' }, noName('db.auth.users')],
    ['a schema without a table', { table: 'auth.' }, `table ${MISSING}`],
    ['a table without its schema', { table: '.users' }, noName('.users')],
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
      [`an empty ${option}`, { [option]: '' }, `${option} ${MISSING}`],
      [`too long a ${option}`, { [option]: 'n'.repeat(64) }, tooLong(option, 'n'.repeat(64), 63)],
      [`a ${option} that is no text`, { [option]: 5 }, `${option} ${MISSING}`],
    ]),
    [
      'the names of 0.1.0',
      { usersTable: 'users' },
      'usersTable is not an option: choose from table, password, id, tokenVersion, passwordChangedAt, logoutAllAt, everyoneTable, lockTimeout, from, to.',
    ],
    ...[-1, 'soon', 86_401, '5'].map((lockTimeout): [string, object, string] => [
      `a lockTimeout of ${lockTimeout}`,
      { lockTimeout },
      "lockTimeout is not a duration of at most a day: give seconds, or text with a unit such as '5s'.",
    ]),
    ['a part that is not there', { to: { cellar: 1 } }, `to cellar: 1 ${CHOICE}`],
    ['a part that every object has', { to: { toString: 1 } }, `to toString: 1 ${CHOICE}`],
    ['a version that is not there', { to: { core: 3 } }, `to core: 3 ${CHOICE}`],
    ['a version that was never published', { from: { core: 1 } }, `from core: 1 ${CHOICE}`],
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
  ])('may be %j', (options) => {
    expect(problemOf(options)).toBeUndefined();
  });
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

import { describe, expect, it } from 'vitest';
import { tokenInvalidationMigration } from './token-invalidation.migration.js';

const GOOD = { usersTable: 'users', passwordColumn: 'password' };
const MISSING = 'is missing: name it as it stands in the database.';

const tooLong = (option: string, name: string, most: number) =>
  `${option} is ${JSON.stringify(name)}: give a name of at most ${most} bytes.`;
const noName = (name: string) => `usersTable ${JSON.stringify(name)} is not a name or schema.name.`;

/** What the migration says to these options; `undefined`: nothing. */
function problemOf(options: object): string | undefined {
  try {
    tokenInvalidationMigration({ ...GOOD, ...options });
    return undefined;
  } catch (error) {
    return String(error).replace('TypeError: tokenInvalidationMigration: ', '');
  }
}

describe('the options of the migration', () => {
  it.each<[string, object, string]>([
    ['no table', { usersTable: undefined }, `usersTable ${MISSING}`],
    ['an empty table', { usersTable: '' }, `usersTable ${MISSING}`],
    [
      'no password column',
      { passwordColumn: undefined },
      'passwordColumn is missing: name the column that holds the hash, or give null when the table has none.',
    ],
    ['an empty password column', { passwordColumn: '' }, `passwordColumn ${MISSING}`],
    ['a name of three parts', { usersTable: 'db.auth.users' }, noName('db.auth.users')],
    ['a schema without a table', { usersTable: 'auth.' }, `usersTable ${MISSING}`],
    ['a table without its schema', { usersTable: '.users' }, noName('.users')],
    [
      'a table with too long a name',
      { usersTable: `auth.${'u'.repeat(36)}` },
      tooLong('usersTable', 'u'.repeat(36), 35),
    ],
    [
      'a name too long in bytes',
      { usersTable: 'ü'.repeat(18) },
      tooLong('usersTable', 'ü'.repeat(18), 35),
    ],
    ...(
      [
        'globalTable',
        'idColumn',
        'passwordColumn',
        'tokenVersionColumn',
        'passwordChangedAtColumn',
        'logoutAllAtColumn',
      ] as const
    ).flatMap((option): [string, object, string][] => [
      [`an empty ${option}`, { [option]: '' }, `${option} ${MISSING}`],
      [`too long a ${option}`, { [option]: 'n'.repeat(64) }, tooLong(option, 'n'.repeat(64), 63)],
    ]),
  ])('say what is wrong with %s', (_, options, problem) => {
    expect(problemOf(options)).toBe(problem);
  });

  it.each([
    {},
    { passwordColumn: null },
    { usersTable: `auth.${'u'.repeat(35)}` },
    { idColumn: 'n'.repeat(63), globalTable: 'n'.repeat(63) },
  ])('may be %j', (options) => {
    expect(problemOf(options)).toBeUndefined();
  });

  it('say for whom they are', () => {
    expect(() => tokenInvalidationMigration({ ...GOOD, usersTable: '' })).toThrow(
      `tokenInvalidationMigration: usersTable ${MISSING}`,
    );
  });
});

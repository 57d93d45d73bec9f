import { describe, expect, it } from 'vitest';
import { schemaSql } from '../postgres/schema/schema-sql.js';
import { answer } from './answer.js';
import { typeOrmMigration } from './typeorm-migration.js';
import { USAGE } from './usage.js';

const USERS = ['--table', 'users', '--password', 'password_hash'];
const options = { table: 'users', password: 'password_hash' };
const sqlOf = (more: object = {}) => schemaSql({ ...options, ...more }, { name: '' });
const generate = (...args: string[]) => answer(['generate', ...args]);

describe('generate', () => {
  it('sql is the SQL of tokenInvalidationSql()', () => {
    expect(generate('sql', ...USERS)).toEqual({ text: `${sqlOf().up};`, isError: false });
    expect(generate('sql', ...USERS, '--down').text).toBe(`${sqlOf().down};`);
  });

  it('takes every name', () => {
    const names = {
      id: 'user_id',
      tokenVersion: 'v',
      passwordChangedAt: 'p',
      logoutAllAt: 'l',
      everyoneTable: 'e',
    };
    const args = ['--id', 'user_id', '--token-version', 'v', '--password-changed-at', 'p'];
    const more = ['--logout-all-at', 'l', '--everyone-table', 'e'];
    expect(generate('sql', ...USERS, ...args, ...more).text).toBe(`${sqlOf(names).up};`);
  });

  it('sql of a table without passwords', () => {
    const { text } = generate('sql', '--table', 'users', '--no-password');
    expect(text).toBe(`${sqlOf({ password: null }).up};`);
  });

  it('typeorm is a class with the given names', () => {
    expect(generate('typeorm', ...USERS).text).toMatch(/^export class RevocableTokens\d{13} /m);
    expect(typeOrmMigration({ table: "o'users", password: null }, 7)).toBe(
      `import { tokenInvalidationMigration } from 'nestjs-token-invalidation/typeorm';

/** What makes the tokens of these users revocable. */
export class RevocableTokens7 extends tokenInvalidationMigration({
  table: 'o\\'users',
  password: null,
}) {}`,
    );
  });

  it('prisma names the schema and a model for everyone', () => {
    const { text } = generate('prisma', '--table', 'auth.app-users', '--no-password');
    expect(text).toContain('model AppUsersTokenInvalidation {');
    expect(text).toContain('@@map("app-users_token_invalidation")\n  @@schema("auth")');
  });

  it('drizzle names the schema and a table for everyone', () => {
    const table = ['--table', 'auth.users', '--everyone-table', '1all'];
    const { text } = generate('drizzle', ...table, '--no-password');
    expect(text).toContain(`export const table1all = pgSchema('auth').table(\n  '1all',`);
  });
});

describe('an error names the remedy', () => {
  it.each([
    [['make'], 'Say what to generate: generate sql|typeorm|prisma|drizzle.'],
    [['generate', 'mysql'], 'Say what to generate: generate sql|typeorm|prisma|drizzle.'],
    [['generate', 'sql', 'more'], 'Say what to generate: generate sql|typeorm|prisma|drizzle.'],
    [['generate', 'sql'], '--table is missing: name the users table, as in --table users.'],
    [
      ['generate', 'sql', '--table', 'users'],
      'Give either --password with the column that holds the hash, or --no-password when passwords are elsewhere.',
    ],
    [
      ['generate', 'sql', ...USERS, '--no-password'],
      'Give either --password with the column that holds the hash, or --no-password when passwords are elsewhere.',
    ],
    [
      ['generate', 'prisma', ...USERS, '--down'],
      '--down: prisma has none: use generate sql --down.',
    ],
    [['generate', 'sql', ...USERS, '--user', 'x'], "Unknown option '--user'"],
    [
      ['generate', 'drizzle', '--table', 'a.b.c', '--no-password'],
      'generate: table is not a name or schema.name: give the one that the table has in the database.',
    ],
  ])('%j', (args, message) => {
    const { text, isError } = answer(args);
    expect(isError).toBe(true);
    expect(text).toContain(message);
    expect(text).toContain('--help');
  });
});

it.each([[[]], [['--help']], [['generate', '-h']]])('%j explains the command', (args) => {
  expect(answer(args)).toEqual({ text: USAGE, isError: false });
});

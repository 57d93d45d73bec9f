import { describe, expect, it } from 'vitest';
import {
  dollarQuote,
  everyoneTableOf,
  quoteName,
  quoteTable,
  quoteText,
  statementName,
  unusedIn,
} from './sql.js';

describe('a name in SQL', () => {
  it.each([
    ['users', '"users"'],
    ['Users', '"Users"'],
    ['the users', '"the users"'],
    ['a"b', '"a""b"'],
    ['"', '""""'],
    ["it's", `"it's"`],
    ['select', '"select"'],
    ['a.b', '"a.b"'],
    ['"; DROP TABLE users; --', '"""; DROP TABLE users; --"'],
  ])('%s is quoted', (name, quoted) => {
    expect(quoteName(name)).toBe(quoted);
  });

  it('has its schema quoted by itself', () => {
    expect(quoteTable('my "schema"', 'users')).toBe('"my ""schema"""."users"');
  });

  it('has no schema where there is none', () => {
    expect(quoteTable(undefined, 'users')).toBe('"users"');
  });
});

describe('a text in SQL', () => {
  it.each([
    ['users', "'users'"],
    ["it's", "'it''s'"],
    ["'; DROP TABLE users; --", "'''; DROP TABLE users; --'"],
    ['a"b', `'a"b'`],
  ])('%s is quoted', (text, quoted) => {
    expect(quoteText(text)).toBe(quoted);
  });
});

describe('a text between dollar signs', () => {
  it.each([
    ['SELECT 1', '$sql$SELECT 1$sql$'],
    ['$sql$SELECT 1$sql$', '$sql_1$$sql$SELECT 1$sql$$sql_1$'],
    ['$sql$ $sql_1$', '$sql_2$$sql$ $sql_1$$sql_2$'],
  ])('%s ends where it ends', (text, quoted) => {
    expect(dollarQuote(text)).toBe(quoted);
  });
});

it('a mark that a text has is changed until it has it no more', () => {
  expect(unusedIn('a @b@ @b_1@', '@b@')).toBe('@b_2@');
});

it('the table of everyone is named after the users table', () => {
  expect(everyoneTableOf('users')).toBe('users_token_invalidation');
});

describe('the name of a prepared statement', () => {
  it('is that of its text: the same on every node, and another one for another text', () => {
    expect(statementName('SELECT 1')).toBe(statementName('SELECT 1'));
    expect(statementName('SELECT 1')).not.toBe(statementName('SELECT 2'));
  });

  it('is short enough for PostgreSQL to keep it whole', () => {
    expect(statementName('SELECT 1'.repeat(1000)).length).toBeLessThan(64);
  });
});

import { describe, expect, it } from 'vitest';
import { createTriggers, dropTriggers } from './trigger-sql.js';

const NAMES = {
  schema: 'auth',
  users: 'users',
  global: 'global',
  id: 'id',
  password: 'hash',
  version: 'version',
  passwordChangedAt: 'changed_at',
  logoutAllAt: 'logout_at',
};

/** What each statement makes or takes away: kind, name, and table where it has one. */
const subjectsOf = (statements: string[]) =>
  statements.map((statement) => {
    const [, kind, name] = /^\w+ (FUNCTION|TRIGGER) ([^\s(]+)/.exec(statement)!;
    const [, table] = /\bON ("auth"\."\w+")/.exec(statement) ?? [];
    return [kind, name, ...(kind === 'TRIGGER' ? [table] : [])].join(' ');
  });

const FUNCTIONS = ['state', 'take_id', 'leave_id', 'global'].map(
  (name) => `FUNCTION "auth"."users_token_invalidation_${name}"`,
);
const TRIGGERS = [
  'TRIGGER zz_token_invalidation "auth"."users"',
  'TRIGGER zz_token_invalidation_take_id "auth"."users"',
  'TRIGGER zz_token_invalidation_leave_id "auth"."users"',
  'TRIGGER zz_token_invalidation_truncate "auth"."users"',
  'TRIGGER zz_token_invalidation "auth"."global"',
];

// What the SQL does is in test/triggers/.
describe('the SQL of the triggers', () => {
  it('makes functions and triggers whose names say whose they are', () => {
    const made = subjectsOf(createTriggers(NAMES));
    expect(made.toSorted()).toEqual([...FUNCTIONS, ...TRIGGERS].toSorted());
  });

  it('takes away what it made, the triggers first', () => {
    expect(subjectsOf(dropTriggers(NAMES))).toEqual([...TRIGGERS, ...FUNCTIONS]);
  });

  it.each([
    ['hash', /state"\('hash'\)$/],
    [null, /state"\(''\)$/],
  ])('tells the trigger of the column %j, for whoever looks at it', (password, end) => {
    const [, trigger] = createTriggers({ ...NAMES, password });
    expect(trigger).toMatch(end);
  });
});

import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { CORE_2 } from './core-2.js';
import { createTriggers, dropTriggers } from './core-2-triggers.js';

const NAMES = {
  schema: '"auth"',
  users: 'users',
  everyone: 'everyone',
  id: 'id',
  password: 'hash',
  tokenVersion: 'version',
  passwordChangedAt: 'changed_at',
  logoutAllAt: 'logout_at',
};

/** What each statement makes or takes away: kind, name, and table where it has one. */
const subjectsOf = (statements: string[]) =>
  statements.map((statement) => {
    const [, kind, name] =
      /^(?:CREATE|CREATE OR REPLACE|DROP) (FUNCTION|TRIGGER) (?:IF EXISTS )?([^\s(]+)/.exec(
        statement,
      )!;
    const [, table] = /\bON ("auth"\."\w+")/.exec(statement) ?? [];
    return [kind, name, ...(kind === 'TRIGGER' ? [table] : [])].join(' ');
  });

const FUNCTIONS = ['state', 'take_id', 'leave_id', 'everyone'].map(
  (name) => `FUNCTION "auth"."users_token_invalidation_${name}"`,
);
const TRIGGERS = [
  'TRIGGER zz_token_invalidation "auth"."users"',
  'TRIGGER zz_token_invalidation_take_id "auth"."users"',
  'TRIGGER zz_token_invalidation_leave_id "auth"."users"',
  'TRIGGER zz_token_invalidation_truncate "auth"."users"',
  'TRIGGER zz_token_invalidation "auth"."everyone"',
  'TRIGGER zz_token_invalidation_truncate "auth"."everyone"',
];

// What the SQL does is in test/triggers/.
describe('the SQL of the triggers', () => {
  it('makes functions and triggers whose names say whose they are', () => {
    const made = subjectsOf(createTriggers(NAMES).filter((each) => each.startsWith('CREATE')));
    expect(made.toSorted()).toEqual([...FUNCTIONS, ...TRIGGERS].toSorted());
  });

  it('takes away what it made, the triggers first', () => {
    expect(subjectsOf(dropTriggers(NAMES))).toEqual([...TRIGGERS, ...FUNCTIONS]);
  });

  it.each([
    ['hash', /state"\('hash', 'core=2'\)$/],
    [null, /state"\('', 'core=2'\)$/],
  ])('gives the trigger the column %j and the version, for the check at boot', (password, end) => {
    const [, , trigger] = createTriggers({ ...NAMES, password });
    expect(trigger).toMatch(end);
  });

  it('ends each function body where it ends, whatever the columns are called', () => {
    const [state] = createTriggers({ ...NAMES, password: '$sql$' });
    expect(state).toContain('$sql_1$');
    expect(state!.endsWith('END $sql_1$')).toBe(true);
  });
});

/** Frozen with the first release: change a version that was published, and databases differ that should not. */
it('the SQL of core, version 2, is what it was', () => {
  const sql = [...CORE_2.up(NAMES), ...CORE_2.down(NAMES)].join(';\n');
  expect(createHash('sha256').update(sql).digest('hex')).toMatchInlineSnapshot(
    `"b51c191f3acc02a4a812a3e4cee5a910507d321dd6921998d32dc734a966e0b4"`,
  );
});

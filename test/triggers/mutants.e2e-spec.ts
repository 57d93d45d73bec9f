import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTriggers } from '../../src/postgres/schema/core-2-triggers.js';
import { createEmptyDatabase, type TestDatabase } from '../support/database.js';
import { mutantsOf } from '../support/triggers/mutants.js';
import { CHECKED, CHECKED_TABLES, failedChecks } from '../support/triggers/checks.js';
import { Session } from '../support/storage/users.js';

/** Mutants that behave like the original, each with the reason. */
const EQUIVALENT: readonly (readonly [name: RegExp, reason: string])[] = [
  [/^TRIGGER token_invalidation lacks: WHEN /, 'the function finds nothing to do by itself, later'],
  [/: TG_OP = 'INSERT' OR → nothing$/, 'OLD is NULL then, and its id another than the new one'],
  [
    /leave_id line \d+: TG_OP = 'DELETE' OR → nothing$/,
    'NEW is NULL then, and its id another than the old one',
  ],
];

const SYNTAX_ERRORS = /^(42601|42P13|42703|42704)$/;

// There is nothing to replace in a database without triggers, and the table has no partitions.
const original = createTriggers(CHECKED).filter((statement) => !statement.startsWith('D'));
const mutants = mutantsOf(original);

let database: TestDatabase;
let session: Session;

beforeAll(async () => {
  database = await createEmptyDatabase();
  session = await Session.open(database.url);
  for (const statement of CHECKED_TABLES) await session.query(statement);
});
afterAll(async () => {
  await session?.close();
  await database?.drop();
});

/** What the checks find, in a transaction that leaves nothing behind; `undefined`: it is no SQL. */
async function verdictOn(statements: readonly string[]): Promise<string[] | undefined> {
  await session.query('BEGIN');
  try {
    for (const statement of statements) await session.query(statement);
    return await failedChecks(session, 1);
  } catch (error) {
    if (SYNTAX_ERRORS.test((error as { code?: string }).code ?? '')) return undefined;
    throw error;
  } finally {
    await session.query('ROLLBACK');
  }
}

describe('the triggers', () => {
  it('keep what the checks ask for', async () => {
    expect(await verdictOn(original)).toEqual([]);
  });

  it('are changed in many ways', () => {
    expect(mutants.length).toBeGreaterThan(50);
  });

  it.each(mutants.map(({ name, statements }): [string, readonly string[]] => [name, statements]))(
    'are found out when %s',
    async (name, statements) => {
      const equivalent = EQUIVALENT.some(([pattern]) => pattern.test(name));
      const failed = await verdictOn(statements);
      const foundOut = failed === undefined || failed.length > 0;
      expect(foundOut).toBe(!equivalent);
    },
  );
});

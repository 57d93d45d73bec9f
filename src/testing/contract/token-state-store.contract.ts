import { committedCases, savepointCases } from './committed.cases.js';
import { describingCases } from './describing.cases.js';
import { everyoneCases } from './everyone.cases.js';
import type { ContractCases, ContractRunner, TokenStateStoreHarness } from './harness.js';
import { invalidatingCases } from './invalidating.cases.js';
import { changePasswordCases, rehashPasswordCases } from './password.cases.js';
import { readingCases, recreateCases, softDeleteCases } from './reading.cases.js';
import { SESSION_SECTIONS } from './session.sections.js';
import { SoleUse } from './sole-use.js';
import { transactionCases } from './transaction.cases.js';

/**
 * What the module relies on in a `TokenStateStore`, as tests. Run it against your own store, on the real database. It
 * creates its own users and needs no empty database, but it logs everyone out, and sets the cutoff of everyone an hour
 * ahead for a moment: give it a database that nothing else uses at the same time. It fails, and says so, when a second
 * run does.
 *
 * @param runner - `describe` and `it` of any test runner
 * @param harness - the store, and how to reach its database
 * @example
 * ```ts
 * import { describe, it } from 'node:test';
 *
 * tokenStateStoreContract({ describe, it }, {
 *   store: () => new DrizzleTokenStateStore(db),
 *   createUser: (passwordHash) => …,
 *   …
 * });
 * ```
 */
export function tokenStateStoreContract<User, Transaction>(
  runner: ContractRunner,
  harness: TokenStateStoreHarness<User, Transaction>,
): void {
  const use = new SoleUse(harness);
  for (const [title, cases] of sections(harness)) {
    runner.describe(`TokenStateStore: ${title}`, () => {
      for (const [name, check] of Object.entries(cases)) {
        runner.it(name, () => use.run(check));
      }
    });
  }
}

function sections<User, Transaction>(
  harness: TokenStateStoreHarness<User, Transaction>,
): [string, ContractCases][] {
  return [
    ['read', readingCases],
    ['read, soft-deleted users', harness.softDeleteUser ? softDeleteCases : {}],
    ['read, ids used twice', harness.recreateUser ? recreateCases : {}],
    ['describe', describingCases],
    ['invalidate', invalidatingCases],
    ['changePassword', changePasswordCases],
    ['rehashPassword', rehashPasswordCases],
    ["the caller's transaction", transactionCases],
    ['committed', committedCases],
    ['committed, savepoints', harness.savepoint ? savepointCases : {}],
    ['invalidateEveryone', everyoneCases],
    ...(harness.ageSession ? SESSION_SECTIONS : []),
  ].filter((section): section is [string, ContractCases] => Object.keys(section[1]).length > 0);
}

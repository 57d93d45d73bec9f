import { readdirSync } from 'node:fs';

/**
 * What is mutated together, and the specs that judge it. A room is judged by its own specs and not by the whole suite:
 * a mutant of what runs once, at import or in a `beforeAll`, is tried against every one of them. They run in this order
 * and stop at the first failure: the quick ones come first.
 */
export const ROOMS = {
  rule: { files: /^rule\//, specs: ['src/rule/*.spec.ts'], leastScore: 100 },
  state: { files: /^state\//, specs: ['src/state/*.spec.ts'] },
  invalidation: { files: /^invalidation\//, specs: ['src/invalidation/*.spec.ts'] },
  tokens: { files: /^tokens\//, specs: ['src/tokens/*.spec.ts'] },
  http: {
    files: /^http\//,
    specs: [
      'src/http/challenge.spec.ts',
      'src/http/http-answers.spec.ts',
      'src/http/route-access.spec.ts',
      'src/http/token-state-unavailable.filter.spec.ts',
      'src/http/revocable-jwt.*.spec.ts',
      'src/http/logout-everywhere.controller.spec.ts',
      'src/http/openapi.spec.ts',
    ],
  },
  typeorm: {
    files: /^typeorm\/(?!trigger-sql|.*\.migration)/,
    specs: [
      'src/typeorm/*.spec.ts',
      'test/storage/mapping.e2e-spec.ts',
      'test/storage/setup.e2e-spec.ts',
      'test/storage/loading.e2e-spec.ts',
      'test/storage/primary.e2e-spec.ts',
      'test/promises/07-*',
      'test/storage/prepared-statement.e2e-spec.ts',
      'test/promises/03-*',
      'test/storage/typeorm-contract.e2e-spec.ts',
    ],
  },
  // Apart from the store, about which its specs have little to say. The other specs of the triggers use those of the
  // migrated template, which no mutant has made.
  migration: {
    files: /^typeorm\/(trigger-sql|.*\.migration)/,
    specs: [
      'src/typeorm/*.spec.ts',
      'test/triggers/mutants.e2e-spec.ts',
      'test/triggers/ids.e2e-spec.ts',
      'test/migration/roles.e2e-spec.ts',
      'test/migration/migration.e2e-spec.ts',
    ],
  },
};

/** The files of a room whose path begins in one of these ways. */
export function filesOf(name, beginnings = ['']) {
  return readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((path) => ROOMS[name].files.test(path) && /(?<!\.spec)\.ts$/.test(path))
    .map((path) => `src/${path}`)
    .filter((path) => beginnings.some((beginning) => path.startsWith(beginning)));
}

/** The room that a run of Stryker is about, as `npm run mutate` says. */
export const room = process.env['MUTATED_ROOM'] ?? 'rule';
export const { specs } = ROOMS[room];

export const reportOf = (name) => `reports/mutation/${name}.json`;

import { readdirSync } from 'node:fs';

/**
 * A room is mutated together, and judged by its own specs and not by the whole suite: a mutant of what runs once, at
 * import or in a `beforeAll`, is tried against every one of them. The specs run in their order and stop at the first
 * failure: the quick ones come first.
 *
 * Unit specs judge a room that is not about PostgreSQL, frameworks or the whole application. To start those costs seconds
 * for each mutant, so the specs of `test/` that are named here are those of the room's subject. Those of several nodes,
 * servers and outages are not: with them a room takes a day.
 *
 * A folder of src/ is a room, judged by the specs in it, unless this table says something else about it.
 */
const OTHERWISE = {
  rule: { specs: ['src/rule/*.spec.ts', 'test/rule/*.spec.ts'], leastScore: 100 },
  postgres: {
    files: /^postgres\/(?!schema\/)/,
    specs: [
      'src/postgres/*.spec.ts',
      'src/postgres/sessions/*.spec.ts',
      'test/storage/setup.e2e-spec.ts',
      'test/storage/protection.e2e-spec.ts',
      'test/storage/type-parsers.e2e-spec.ts',
      'test/storage/primary.e2e-spec.ts',
      'test/storage/transactions.e2e-spec.ts',
      'test/storage/prepared-statement.e2e-spec.ts',
      'test/promises/03-*',
      'test/promises/09-*',
      'test/sessions/store-races.e2e-spec.ts',
      'test/sessions/shared-rotations.e2e-spec.ts',
      'test/storage/pg-contract.e2e-spec.ts',
      'test/storage/typeorm-contract.e2e-spec.ts',
    ],
  },
  http: {
    specs: [
      'src/http/**/*.spec.ts',
      'test/contexts/*.e2e-spec.ts',
      'test/applications/decorators.e2e-spec.ts',
      'test/http/one-verdict.e2e-spec.ts',
      'test/http/guard.e2e-spec.ts',
      'test/promises/22-*',
    ],
  },
  audit: { specs: ['src/audit/*.spec.ts', 'test/audit/*.e2e-spec.ts', 'test/promises/22-*'] },
  endpoints: {
    specs: [
      'src/endpoints/*.spec.ts',
      'test/http/openapi.e2e-spec.ts',
      'test/module/versioning.e2e-spec.ts',
      'test/sessions/endpoints.e2e-spec.ts',
      'test/sessions/device.e2e-spec.ts',
      'test/applications/logout-transaction.e2e-spec.ts',
      'test/promises/12-*',
    ],
  },
  sessions: {
    specs: [
      'src/sessions/*.spec.ts',
      'test/sessions/endpoints.e2e-spec.ts',
      'test/promises/13-*',
      'test/promises/14-*',
      'test/promises/15-*',
      'test/promises/16-*',
      'test/promises/17-*',
    ],
  },
  // Apart from the rest of postgres/, about which these specs say little. The other specs of the triggers use those of
  // the migrated template, which no mutant has made.
  schema: {
    files: /^postgres\/schema\//,
    specs: [
      'src/postgres/schema/*.spec.ts',
      'test/triggers/mutants.e2e-spec.ts',
      'test/triggers/ids.e2e-spec.ts',
      'test/sessions/schema.e2e-spec.ts',
      'test/migration/*.e2e-spec.ts',
    ],
  },
  typeorm: {
    specs: [
      'src/typeorm/*.spec.ts',
      'test/storage/mapping.e2e-spec.ts',
      'test/storage/setup.e2e-spec.ts',
      'test/storage/loading.e2e-spec.ts',
      'test/storage/transactions.e2e-spec.ts',
      'test/promises/07-*',
      'test/migration/migration.e2e-spec.ts',
      'test/module/store-options.e2e-spec.ts',
      'test/storage/typeorm-contract.e2e-spec.ts',
    ],
  },
  pg: {
    specs: [
      'test/storage/pg-setup.e2e-spec.ts',
      'test/storage/transactions.e2e-spec.ts',
      'test/module/store-options.e2e-spec.ts',
      'test/storage/pg-contract.e2e-spec.ts',
    ],
  },
  prisma: {
    specs: [
      'src/prisma/*.spec.ts',
      'test/promises/every-layer.e2e-spec.ts',
      'test/storage/prisma-contract.e2e-spec.ts',
    ],
  },
  drizzle: {
    specs: [
      'src/drizzle/*.spec.ts',
      'test/promises/every-layer.e2e-spec.ts',
      'test/storage/drizzle-contract.e2e-spec.ts',
    ],
  },
  cli: { specs: ['src/cli/*.spec.ts', 'test/cli/*.e2e-spec.ts'] },
  // What puts the rooms together.
  module: {
    files: /^[^/]+\.ts$/,
    specs: ['src/*.spec.ts', 'test/module/*.e2e-spec.ts', 'test/http/guard.e2e-spec.ts'],
  },
};

const folders = readdirSync('src', { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

export const ROOMS = Object.fromEntries(
  [...new Set([...folders, ...Object.keys(OTHERWISE)])].map((name) => [
    name,
    {
      files: new RegExp(`^${name}/`),
      specs: [`src/${name}/**/*.spec.ts`],
      leastScore: 95,
      ...OTHERWISE[name],
    },
  ]),
);

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

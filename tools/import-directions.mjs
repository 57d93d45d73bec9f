// Which way imports point: the configuration of dependency-cruiser for `npm run check:imports`.

/**
 * The rooms of src/ that the entry `.` consists of: what each may import of the other rooms, and of packages and Node's
 * own modules. Only the files at the top level of src/ put rooms together.
 */
const MAIN_ROOMS = {
  rule: { rooms: [], packages: [] },
  options: { rooms: [], packages: ['ms', 'util'] },
  events: { rooms: ['rule'], packages: ['@nestjs/common', 'net'] },
  keys: { rooms: ['options', 'rule'], packages: ['crypto'] },
  state: { rooms: ['rule'], packages: ['@nestjs/common', 'async_hooks', 'timers'] },
  tokens: {
    rooms: ['state', 'keys', 'events', 'options', 'rule'],
    packages: ['@nestjs/common', 'jws', 'crypto'],
  },
  sessions: {
    rooms: ['invalidation', 'tokens', 'state', 'keys', 'events', 'options', 'rule'],
    packages: ['@nestjs/common', 'crypto'],
  },
  invalidation: { rooms: ['state', 'events'], packages: ['@nestjs/common', 'timers/promises'] },
  http: {
    rooms: ['tokens', 'state', 'options', 'rule'],
    packages: ['@nestjs/common', '@nestjs/core', 'timers'],
  },
  audit: { rooms: ['http', 'options'], packages: ['@nestjs/common', '@nestjs/core', 'http'] },
  endpoints: {
    rooms: ['http', 'sessions', 'invalidation', 'tokens', 'state', 'rule'],
    packages: ['@nestjs/common', '@nestjs/core'],
  },
};

/** The rooms of the other entries, the subpaths of the package, and the one that only they stand on. */
const SUBPATH_ROOMS = {
  postgres: {
    rooms: ['state', 'options', 'rule'],
    packages: ['@nestjs/common', 'timers', 'crypto'],
  },
  typeorm: {
    rooms: ['postgres', 'state', 'options', 'rule'],
    packages: ['@nestjs/common', 'typeorm'],
  },
  pg: { rooms: ['postgres', 'state', 'options', 'rule'], packages: ['@nestjs/common'] },
  prisma: {
    rooms: ['postgres', 'state', 'options', 'rule'],
    packages: ['@nestjs/common', 'async_hooks'],
  },
  drizzle: {
    rooms: ['postgres', 'state', 'options', 'rule'],
    packages: ['@nestjs/common', 'drizzle-orm', 'pg'],
  },
  cli: { rooms: ['postgres'], packages: ['util'] },
  client: { rooms: [], packages: [] },
  passport: {
    rooms: ['http', 'tokens', 'rule'],
    packages: ['@nestjs/common', '@nestjs/core', '@nestjs/passport', 'passport'],
  },
  testing: {
    rooms: ['audit', 'invalidation', 'tokens', 'state', 'rule'],
    packages: ['@nestjs/common', '@nestjs/core', 'assert/strict', 'crypto', 'test'],
  },
};

export const ROOMS = { ...MAIN_ROOMS, ...SUBPATH_ROOMS };
const anyOf = (rooms) => `^src/(${Object.keys(rooms).join('|')})/`;

/** A package's files, or a module of Node's own, which has no path. */
const packagePattern = (name) => `^(node_modules/${name}/|${name}$)`;

const roomRules = Object.entries(ROOMS).map(([name, { rooms, packages }]) => ({
  name: `src/${name}`,
  comment: `May import ${[...rooms.map((room) => `src/${room}`), ...packages].join(', ') || 'nothing'} besides itself.`,
  severity: 'error',
  from: { path: `^src/${name}/` },
  to: {
    pathNot: [...[name, ...rooms].map((room) => `^src/${room}/`), ...packages.map(packagePattern)],
  },
}));

export default {
  forbidden: [
    ...roomRules,
    {
      name: 'every-room-is-listed',
      comment: 'A new folder of src/ gets its line in the table of rooms.',
      severity: 'error',
      from: { path: '^src/[^/]+/', pathNot: anyOf(ROOMS) },
      to: {},
    },
    {
      name: 'the-main-entry-needs-no-subpath',
      comment:
        'What `.` imports works without TypeORM, pg and Passport, and carries no test code: it imports no room of a subpath.',
      severity: 'error',
      from: { path: `^src/[^/]+[.]ts$|${anyOf(MAIN_ROOMS)}` },
      to: { path: anyOf(SUBPATH_ROOMS) },
    },
    {
      name: 'subpaths-stand-alone',
      comment:
        'An application that uses one subpath needs the peers of no other: only `testing` may import another, and `postgres` is what the data layers share.',
      severity: 'error',
      from: { path: '^src/(postgres|typeorm|pg|prisma|drizzle|passport)/' },
      to: {
        path: '^src/(typeorm|pg|prisma|drizzle|passport|cli|client|testing)/',
        pathNot: '^src/$1/',
      },
    },
    {
      name: 'postgres-knows-no-orm',
      comment: 'What speaks SQL is handed a way to run it: it imports no ORM and no driver.',
      severity: 'error',
      from: { path: '^src/postgres/' },
      to: { path: packagePattern('(typeorm|@prisma/.*|drizzle-orm|pg)') },
    },
    {
      name: 'only-what-is-installed-with-the-package',
      comment:
        'src/ imports dependencies and peer dependencies, and nothing that only this repository has.',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypesNot: ['local', 'core', 'npm', 'npm-peer'] },
    },
    {
      name: 'demo-sees-what-an-application-sees',
      comment:
        'The demo imports the package by its own name, and otherwise itself, ../migrations and ../tools.',
      severity: 'error',
      from: { path: '^demo/' },
      to: {
        pathNot: '^(demo|migrations|tools)/',
        dependencyTypesNot: ['aliased-tsconfig-paths', 'core', 'npm', 'npm-dev'],
      },
    },
    {
      name: 'migrations-stand-alone',
      comment:
        'Migrations are frozen: they import the package by its own name, typeorm, and nothing else.',
      severity: 'error',
      from: { path: '^migrations/' },
      to: { pathNot: '^node_modules/typeorm/', dependencyTypesNot: ['aliased-tsconfig-paths'] },
    },
    {
      name: 'bench-measures-what-is-built',
      comment:
        'The benchmark imports the package by its own name, and otherwise itself, ../tools and packages.',
      severity: 'error',
      from: { path: '^bench/' },
      to: { path: '^(src|demo|migrations|test)/', dependencyTypesNot: ['aliased-tsconfig-paths'] },
    },
    {
      name: 'no-circles',
      comment: 'Files that import each other in a circle, types included, are one file in pieces.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    moduleSystems: ['es6'],
    // An import of types is an import.
    tsPreCompilationDeps: true,
    // src/package.json only says how src/ is compiled: the dependencies stand in the one above.
    combinedDependencies: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(\\.spec\\.ts$|^(demo|bench)/dist/|^bench/node_modules/)' },
  },
};

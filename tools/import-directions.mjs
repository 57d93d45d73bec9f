// Which way imports point: the configuration of dependency-cruiser for `npm run check:imports`.

/**
 * The rooms of src/: what each may import of the other rooms, and of packages and Node's own modules. Only the files
 * at the top level of src/ put rooms together.
 */
const ROOMS = {
  rule: { rooms: [], packages: [] },
  events: { rooms: ['rule'], packages: ['@nestjs/common'] },
  state: { rooms: ['rule'], packages: ['@nestjs/common', 'timers'] },
  tokens: {
    rooms: ['state', 'events', 'rule'],
    packages: ['@nestjs/common', 'jws', 'ms', 'crypto', 'util'],
  },
  invalidation: {
    rooms: ['state', 'events', 'rule'],
    packages: ['@nestjs/common', 'typeorm', 'timers/promises'],
  },
  typeorm: { rooms: ['state', 'rule'], packages: ['@nestjs/common', 'typeorm', 'crypto'] },
  http: {
    rooms: ['invalidation', 'tokens', 'state', 'events', 'rule'],
    packages: [
      '@nestjs/common',
      '@nestjs/core',
      '@nestjs/passport',
      'passport',
      'passport-jwt',
      'module',
      'timers',
    ],
  },
  testing: {
    rooms: ['invalidation', 'typeorm', 'tokens', 'state', 'events', 'rule'],
    packages: ['@nestjs/common', 'assert', 'assert/strict'],
  },
};

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
      from: { path: '^src/[^/]+/', pathNot: `^src/(${Object.keys(ROOMS).join('|')})/` },
      to: {},
    },
    {
      name: 'testing-stays-out',
      comment: 'What applications import at run time carries no test code.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/testing/' },
      to: { path: '^src/testing/' },
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
    exclude: { path: '(\\.spec\\.ts$|^demo/dist/)' },
  },
};

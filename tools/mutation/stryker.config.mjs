import { filesOf, reportOf, room } from './rooms.mjs';

/** One room; `npm run mutate` starts Stryker for each. */
export default {
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'tools/mutation/vitest.config.mjs', related: false },
  mutate: filesOf(room),
  coverageAnalysis: 'perTest',
  // Each has its own PostgreSQL where the specs need one.
  concurrency: 2,
  timeoutMS: 20_000,
  ignorePatterns: ['/dist', '/coverage', '/bench', '/demo', '/docs', '/reports'],
  reporters: ['progress-append-only', 'clear-text', 'html', 'json'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  htmlReporter: { fileName: reportOf(room).replace('.json', '.html') },
  jsonReporter: { fileName: reportOf(room) },
  incrementalFile: reportOf(room).replace('.json', '.incremental.json'),
  // Many mutants are static: that is why each room has its own specs.
  warnings: { slow: false },
};

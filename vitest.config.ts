import { defineConfig } from 'vitest/config';
import { sourceAlias } from './test/support/source-alias.mjs';

export default defineConfig({
  resolve: { alias: sourceAlias },
  test: {
    // The default leaves a core to a watcher. More than two would outgrow the connections of the one PostgreSQL.
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['src/**/*.spec.ts', 'test/histories/*.spec.ts'],
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/*.e2e-spec.ts'],
          exclude: ['test/embedded-postgres.e2e-spec.ts'],
          globalSetup: ['test/support/global-setup.ts'],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'tools',
          include: ['test/embedded-postgres.e2e-spec.ts'],
          globalSetup: ['test/support/global-setup.ts'],
          testTimeout: 60_000,
        },
      },
    ],
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      exclude: ['src/**/*.spec.ts', 'src/index.ts'],
      thresholds: { lines: 95, 'src/rule/**': { branches: 100 } },
    },
  },
});

import { defineConfig } from 'vitest/config';
import { sourceAlias } from './test/support/source-alias.mjs';

const globalSetup = ['test/support/global-setup.ts'];

// What somebody has set for a PostgreSQL of the system, such as PGOPTIONS, would change the sessions of our own.
if (!process.env['DATABASE_URL']) {
  for (const name of Object.keys(process.env)) if (name.startsWith('PG')) delete process.env[name];
}

export default defineConfig({
  resolve: { alias: sourceAlias },
  test: {
    // The default leaves a core to a watcher. More than two would outgrow the connections of the one PostgreSQL.
    maxWorkers: 2,
    // For what hangs. A busy machine takes ten times as long as an idle one, and that is no fault of a test.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: [
            'src/**/*.spec.ts',
            'test/rule/*.spec.ts',
            'test/sessions/*.spec.ts',
            'test/client/*.spec.ts',
            'bench/*.spec.ts',
            'test/histories/**/*.spec.ts',
          ],
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/**/*.e2e-spec.ts'],
          globalSetup,
        },
      },
      {
        extends: true,
        test: {
          name: 'tools',
          include: ['tools/**/*.spec.ts', 'test/support/*.spec.ts'],
          globalSetup,
        },
      },
      {
        // What takes long, or wants a server for itself.
        extends: true,
        test: {
          name: 'faults',
          include: ['test/faults/*.fault-spec.ts'],
          globalSetup,
          // One file after the other: time limits are measured.
          fileParallelism: false,
        },
      },
      {
        // Each history takes its seconds, and both cores.
        extends: true,
        test: {
          name: 'histories',
          include: ['test/histories/**/*.histories-spec.ts'],
          // A play of a minute, its servers built and begun before it, on a busy machine.
          testTimeout: 300_000,
        },
      },
      {
        // The demo has to be built before.
        extends: true,
        test: {
          name: 'demo',
          include: ['test/demo/*.smoke-spec.ts'],
        },
      },
      {
        // The built demo and client, and a Chromium, at /usr/bin/chromium or where CHROMIUM says.
        extends: true,
        test: {
          name: 'browser',
          include: ['test/demo/*.browser-spec.ts', 'test/client/*.browser-spec.ts'],
          globalSetup,
          // A test presses twenty buttons, each of which takes seconds on a busy machine.
          testTimeout: 300_000,
          expect: { poll: { timeout: 60_000 } },
        },
      },
      {
        // The package has to be built before, and npm installs from its registry.
        extends: true,
        test: {
          name: 'package',
          include: ['test/package/*.package-spec.ts'],
          globalSetup: [...globalSetup, 'test/package/pack.ts'],
          // A compiler that checks the types of all libraries takes a minute on a busy machine.
          testTimeout: 240_000,
          hookTimeout: 300_000,
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

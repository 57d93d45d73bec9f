import { defineConfig } from 'vitest/config';
import { sourceAlias } from '../support/source-alias.mjs';

// Apart from `npm test`: what takes long, or wants a server of its own.
export default defineConfig({
  resolve: { alias: sourceAlias },
  test: {
    name: 'faults',
    include: ['test/faults/*.fault-spec.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    // One file after the other: time limits are measured.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 30_000,
  },
});

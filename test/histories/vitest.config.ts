import { defineConfig } from 'vitest/config';
import { sourceAlias } from '../support/source-alias.mjs';

// Apart from `npm test`: each history takes its seconds, and both cores.
export default defineConfig({
  resolve: { alias: sourceAlias },
  test: {
    name: 'histories',
    include: ['test/histories/*.histories-spec.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
});

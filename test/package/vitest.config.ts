import { defineConfig } from 'vitest/config';
import { sourceAlias } from '../support/source-alias.mjs';

// Apart from `npm test`: the package has to be built before, and npm installs from its registry.
export default defineConfig({
  resolve: { alias: sourceAlias },
  test: {
    name: 'package',
    include: ['test/package/*.package-spec.ts'],
    globalSetup: ['test/support/global-setup.ts', 'test/package/pack.ts'],
    testTimeout: 60_000,
    hookTimeout: 300_000,
  },
});

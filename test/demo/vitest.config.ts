import { defineConfig } from 'vitest/config';

// Apart from `npm test`: the demo has to be built before.
export default defineConfig({
  test: {
    name: 'demo',
    include: ['test/demo/*.smoke-spec.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});

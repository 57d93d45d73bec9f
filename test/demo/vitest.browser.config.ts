import { defineConfig } from 'vitest/config';

// Apart from the smoke tests too: it needs a Chromium, at /usr/bin/chromium or where CHROMIUM says.
export default defineConfig({
  test: {
    name: 'browser',
    include: ['test/demo/*.browser-spec.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});

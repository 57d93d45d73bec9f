// Renews docs/screenshots from the page of the built demo: `npm run screenshots`. A script, because a variable of the
// environment is set in another way on every system.
import { startVitest } from 'vitest/node';

process.env.UPDATE_SCREENSHOTS = '1';
const vitest = await startVitest('test', [], {
  project: 'browser',
  testNamePattern: 'as wide as its window',
  watch: false,
});
await vitest.close();

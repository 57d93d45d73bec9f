import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

// Runs a TypeScript file in a process of its own, compiled the way the tests are.
const source = fileURLToPath(new URL('../../src/index.ts', import.meta.url));
await runnerImport(process.argv[2], {
  configFile: false,
  resolve: { alias: { 'nestjs-token-invalidation': source } },
});

import { runnerImport } from 'vite';
import { sourceAlias } from './source-alias.mjs';

// Runs a TypeScript file in this process, compiled the way the tests are.
await runnerImport(process.argv[2], { configFile: false, resolve: { alias: sourceAlias } });

import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { sourceAlias } from '../support/source-alias.mjs';
import { faultySource } from './faulty-source.js';
import type { PlantedFault } from './planted-faults.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = fileURLToPath(new URL('node-main.ts', import.meta.url));

/** What the server processes run. */
export interface ServerProgram {
  readonly script: string;
  remove(): void;
}

/**
 * Compiles the server once, so that one that was killed is back soon. It stands where it finds its dependencies.
 *
 * @param fault - what is to be broken, if it is in the source
 */
export async function buildServer(fault?: PlantedFault): Promise<ServerProgram> {
  const folder = mkdtempSync(join(ROOT, 'node_modules', '.histories-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    await build({
      root: ROOT,
      configFile: false,
      logLevel: 'warn',
      resolve: { alias: sourceAlias },
      plugins: faultySource(fault, ROOT),
      build: { ssr: MAIN, outDir: folder, emptyOutDir: false, target: 'node20', minify: false },
    });
  } catch (error) {
    remove();
    throw error;
  }
  return { script: join(folder, 'node-main.js'), remove };
}

import { mkdtempSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { sourceAlias } from '../support/source-alias.mjs';
import { faultySource, type Rewrite } from './faulty-source.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What the server processes run. */
export interface ServerProgram {
  readonly script: string;
  remove(): void;
}

/** Of what it is compiled. */
export interface ServerSource {
  /** The file that is run, from this folder on, without its extension. */
  readonly main: string;
  /** Lines of the library that are broken on purpose. */
  readonly rewrites: readonly Rewrite[];
}

/** Compiles the server once, so that one that was killed is back soon. It stands where it finds its dependencies. */
export async function buildServer({ main, rewrites }: ServerSource): Promise<ServerProgram> {
  const folder = mkdtempSync(join(ROOT, 'node_modules', '.histories-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const ssr = fileURLToPath(new URL(`${main}.ts`, import.meta.url));
  try {
    await build({
      root: ROOT,
      configFile: false,
      logLevel: 'warn',
      resolve: { alias: sourceAlias },
      plugins: [faultySource(rewrites, ROOT)],
      build: { ssr, outDir: folder, emptyOutDir: false, target: 'node20', minify: false },
    });
  } catch (error) {
    remove();
    throw error;
  }
  return { script: join(folder, `${basename(main)}.js`), remove };
}

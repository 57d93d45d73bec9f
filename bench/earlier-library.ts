import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { progress } from './progress.js';
import { library } from './variants/library.variant.js';
import type { Variant } from './variants/variant.js';

const HERE = import.meta.dirname;
const ROOT = join(HERE, '../../..');

/** How the names of these variants begin. */
export const EARLIER = 'library at ';

/** The files that speak each version's words, by what its package exports. Both start the same application. */
const CURRENT = { variant: library.name, schema: 'library/current.js' };
const VERSION_01 = { variant: 'library-0.1', schema: 'library/version-0.1.js' };

/**
 * The library as it was at a commit, for a measurement next to today's. Its build and a copy of this bench lie in a folder
 * below the others, so that both have the same Nest, TypeORM and pg. It gets a database that its own migration made.
 *
 * @throws Error when the commit is unknown or does not build
 */
export function earlierLibrary(commit: string): Variant {
  const id = git('rev-parse', '--short', '--verify', `${commit}^{commit}`).toString().trim();
  const folder = join(HERE, '../earlier', id);
  const sources = join(folder, 'sources');
  if (!existsSync(join(sources, 'dist'))) {
    progress(`building the library of ${commit}`);
    build(id, sources);
  }
  link(folder, sources);
  const bench = join(folder, 'bench');
  const { variant, schema } = exportsTypeOrm(sources) ? CURRENT : VERSION_01;
  const code = { server: join(bench, 'server/main.js'), variant, schema: join(bench, schema) };
  return { ...library, name: `${EARLIER}${commit}`, code };
}

function build(commit: string, sources: string): void {
  rmSync(sources, { recursive: true, force: true });
  mkdirSync(sources, { recursive: true });
  const files = git(
    'archive',
    commit,
    'src',
    'tools',
    'package.json',
    'tsconfig.json',
    'tsconfig.build.json',
  );
  execFileSync('tar', ['-x', '-C', sources], { input: files });
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [compiler, '-p', join(sources, 'tsconfig.build.json')]);
  // 0.1.0 was compiled to ES modules and has neither.
  const steps = ['bundle.mjs', 'esm-wrappers.mjs'].map((step) => join(sources, 'tools', step));
  for (const step of steps.filter((path) => existsSync(path))) {
    cpSync(join(sources, 'src/package.json'), join(sources, 'dist/package.json'));
    execFileSync(process.execPath, [step]);
  }
}

/** Puts the bench as it is now on top of the library. */
function link(folder: string, sources: string): void {
  const modules = join(folder, 'node_modules');
  const ownName = join(modules, 'nestjs-token-invalidation');
  mkdirSync(modules, { recursive: true });
  if (!existsSync(ownName)) symlinkSync(sources, ownName, 'junction');
  rmSync(join(folder, 'bench'), { recursive: true, force: true });
  cpSync(HERE, join(folder, 'bench'), { recursive: true });
}

/** Until 0.1.0 the entry `.` held the store; since then the entry `./typeorm` does. */
function exportsTypeOrm(sources: string): boolean {
  const text = readFileSync(join(sources, 'package.json'), 'utf8');
  const manifest = JSON.parse(text) as { exports: Record<string, unknown> };
  return './typeorm' in manifest.exports;
}

function git(...args: string[]): Buffer {
  return execFileSync('git', args, { cwd: ROOT, maxBuffer: 1e8 });
}

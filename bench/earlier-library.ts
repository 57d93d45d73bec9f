import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { progress } from './progress.js';
import { library } from './variants/library.variant.js';
import type { Variant } from './variants/variant.js';

const HERE = import.meta.dirname;
const ROOT = join(HERE, '../../..');

/**
 * The library as it was at a commit, to be measured in the same run as that of today. Its build and a copy of this bench lie in a folder
 * below the others, so that both have the same Nest, TypeORM and pg.
 *
 * @throws Error when the commit is unknown or does not build
 */
export function earlierLibrary(commit: string): Variant {
  const id = git('rev-parse', '--short', '--verify', `${commit}^{commit}`).toString().trim();
  const folder = join(HERE, '../earlier', id);
  const server = join(folder, 'bench/server/main.js');
  if (!existsSync(server)) {
    progress(`building the library of ${commit}`);
    build(id, folder);
  }
  return { ...library, name: `library at ${commit}`, code: { server, variant: library.name } };
}

function build(commit: string, folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  const modules = join(folder, 'node_modules');
  const sources = join(folder, 'sources');
  mkdirSync(sources, { recursive: true });
  const files = git(
    'archive',
    commit,
    'src',
    'package.json',
    'tsconfig.json',
    'tsconfig.build.json',
  );
  execFileSync('tar', ['-x', '-C', sources], { input: files });
  execFileSync(process.execPath, [
    join(ROOT, 'node_modules/typescript/bin/tsc'),
    '-p',
    join(sources, 'tsconfig.build.json'),
  ]);
  mkdirSync(modules);
  symlinkSync(sources, join(modules, 'nestjs-token-invalidation'), 'junction');
  // Last, since it says that the rest is there.
  cpSync(HERE, join(folder, 'bench'), { recursive: true });
}

function git(...args: string[]): Buffer {
  return execFileSync('git', args, { cwd: ROOT, maxBuffer: 1e8 });
}

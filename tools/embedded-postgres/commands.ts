import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join, parse } from 'node:path';
import type { ClusterHome } from './cluster-home.js';

/** A program of PostgreSQL, by its path, and its arguments. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
}

/** Starts the program as the user of the server; what it says goes to its log. */
export function launch(home: ClusterHome, { program, args }: Command): ChildProcess {
  // A file and not a pipe: the server must not stumble over a closed pipe when this process is killed.
  const log = openSync(logOf(home, program), 'w', 0o600);
  try {
    const child = spawn(program, args, { ...surroundings(home), stdio: ['ignore', log, log] });
    // A program that cannot be started has ended, with a special exit code.
    child.on('error', () => undefined);
    return child;
  } finally {
    closeSync(log);
  }
}

/** Waits until a program that `launch()` started has ended. */
export async function ended(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  // A server does not keep this process alive, but waiting for its end does.
  child.ref();
  await once(child, 'exit');
}

export function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** Kills the program and those that it has started: initdb runs the server to fill the data folder. */
export function kill(child: ChildProcess): void {
  if (child.pid === undefined) return;
  if (process.platform === 'win32') {
    child.kill('SIGKILL');
    return;
  }
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended by itself meanwhile.
  }
}

/** Runs the program to its end while everything else waits. */
export function runNow(home: ClusterHome, { program, args }: Command) {
  return spawnSync(program, args, { ...surroundings(home), encoding: 'utf8', stdio: 'pipe' });
}

/** What the program said, or the last lines of it. */
export function logTail(home: ClusterHome, program: string): string {
  return readFileSync(logOf(home, program), 'utf8').trimEnd().split('\n').slice(-12).join('\n');
}

function logOf(home: ClusterHome, program: string): string {
  return join(home.folder, `${parse(program).name}.log`);
}

function surroundings(home: ClusterHome) {
  return {
    // Our own working folder may be closed to the user of the server.
    cwd: home.folder,
    env: cleanEnvironment(),
    // Ctrl-C in a terminal goes to the whole group: the server must outlive the application's orderly end.
    detached: process.platform !== 'win32',
    windowsHide: true,
    ...(home.user && { uid: home.user.uid, gid: home.user.gid }),
  };
}

/** Without PGDATA, PGOPTIONS and the like, which someone may have set for a PostgreSQL of the system. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(PG|LC_|LANG)/.test(name));
  return { ...Object.fromEntries(inherited), LC_ALL: 'C' };
}

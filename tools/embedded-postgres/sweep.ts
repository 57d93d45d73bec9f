import { randomUUID } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { homeAt, ownPrefix, parseOwner, REMOVE, type ClusterHome } from './cluster-home.js';
import { errorCode } from './error-code.js';
import { commandLine, isRunning } from './processes.js';

/** Ends the servers and removes the folders of processes that were killed before they could do so themselves. */
export async function sweep(): Promise<void> {
  const left = readdirSync(tmpdir())
    .filter((name) => {
      const owner = parseOwner(name);
      return owner !== undefined && !isRunning(owner);
    })
    .map((name) => join(tmpdir(), name))
    .filter(isOurs);
  await Promise.all(left.map((folder) => sweepFolder(folder)));
}

/** Anyone may make a folder of this name where all may write: only one that we made can tell us what to end. */
function isOurs(folder: string): boolean {
  const stats = lstatSync(folder, { throwIfNoEntry: false });
  return stats?.isDirectory() === true && (!process.getuid || stats.uid === process.getuid());
}

async function sweepFolder(folder: string): Promise<void> {
  try {
    await endServer(homeAt(folder));
    // Taken over before it is removed: of two starts that sweep at once, one removes it and the other one finds nothing.
    const taken = ownPrefix() + randomUUID();
    renameSync(folder, taken);
    await rm(taken, REMOVE);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    process.emitWarning(
      `An earlier run left ${folder}, which can not be removed: ${String(error)}`,
    );
  }
}

async function endServer(home: ClusterHome): Promise<void> {
  const pid = postmasterPid(home);
  const isItsServer = () => pid !== undefined && isServerOf(home, pid);
  for (const [signal, waitMs] of [
    ['SIGQUIT', 10_000],
    ['SIGKILL', 5_000],
  ] as const) {
    if (pid === undefined || !isItsServer()) return;
    send(signal, pid);
    const deadline = Date.now() + waitMs;
    while (isItsServer() && Date.now() < deadline) await delay(10);
  }
}

function send(signal: NodeJS.Signals, pid: number): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // It has ended by itself since we looked, or a concurrent start has ended it.
    if (errorCode(error) !== 'ESRCH') throw error;
  }
}

/** The id in `postmaster.pid` alone proves nothing: since the server ended, another process may have got it. */
function isServerOf(home: ClusterHome, pid: number): boolean {
  const line = commandLine(pid);
  return /postgres(\.exe)?"? -D /.test(line) && line.includes(home.data);
}

function postmasterPid(home: ClusterHome): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(join(home.data, 'postmaster.pid'), 'utf8'), 10);
    return pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

import { createHash } from 'node:crypto';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, type RmOptions } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { processStart } from './processes.js';
import type { ServerUser } from './server-user.js';

/** Where one server lives: all that it writes is below `folder`. */
export interface ClusterHome {
  readonly folder: string;
  readonly data: string;
  readonly user: ServerUser | undefined;
}

/** The process that made a home, as the name of its folder tells. */
export interface HomeOwner {
  readonly pid: number;
  readonly start: string;
}

// A process that is ending may still write a last file while its folder is being removed.
export const REMOVE: RmOptions = { recursive: true, force: true, maxRetries: 20, retryDelay: 50 };

// The host is in the name because a process id says nothing about the processes of another container that shares our
// temporary folder.
const prefix = () =>
  `tti-postgres-${createHash('sha256').update(hostname()).digest('hex').slice(0, 8)}-`;

/** The path of a folder of our own, less its random end. */
export function ownPrefix(): string {
  // In the name and not in a file: a folder without an owner, however briefly, could be swept by a concurrent start.
  return join(tmpdir(), `${prefix()}${process.pid}-${processStart(process.pid)}-`);
}

export function parseOwner(folderName: string): HomeOwner | undefined {
  if (!folderName.startsWith(prefix())) return undefined;
  const [, pid, start] = /^(\d+)-(\d+)-/.exec(folderName.slice(prefix().length)) ?? [];
  return pid && start ? { pid: Number(pid), start } : undefined;
}

export function homeAt(folder: string, user?: ServerUser): ClusterHome {
  return { folder, data: join(folder, 'data'), user };
}

export function createClusterHome(user: ServerUser | undefined): ClusterHome {
  const home = homeAt(mkdtempSync(ownPrefix()), user);
  mkdirSync(home.data, { mode: 0o700 });
  if (user) {
    // The server has to pass through; the data folder keeps its own lock.
    chmodSync(home.folder, 0o755);
    giveTo(user, home.data);
  }
  return home;
}

/** Who runs the server, for an error message. */
export function userName({ user }: ClusterHome): string {
  return user ? `the user "${user.name}"` : 'your user';
}

export function giveTo(user: ServerUser, path: string): void {
  try {
    chownSync(path, user.uid, user.gid);
  } catch (cause) {
    throw new Error(
      `PostgreSQL does not run as root, and this root may not hand a folder to the user "${user.name}" ` +
        '(a container with a single user?). Run this as another user, or set DATABASE_URL.',
      { cause },
    );
  }
}

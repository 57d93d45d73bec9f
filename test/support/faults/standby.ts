import { appendFileSync, chownSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Client } from 'pg';
import { installBinaries } from '../../../tools/embedded-postgres/binaries.js';
import {
  type ClusterHome,
  createClusterHome,
  REMOVE,
} from '../../../tools/embedded-postgres/cluster-home.js';
import { errorCode } from '../../../tools/embedded-postgres/error-code.js';
import { randomPort } from '../../../tools/embedded-postgres/ports.js';
import { onProcessEnd } from '../../../tools/embedded-postgres/process-end.js';
import { Server } from '../../../tools/embedded-postgres/server.js';
import { findServerUser } from '../../../tools/embedded-postgres/server-user.js';
import { until } from '../until.js';
import { rowOf } from './row-of.js';

/** A streaming replica of a running PostgreSQL. */
export interface Standby {
  readonly url: string;
  /** Until it has all that this primary has now. */
  catchUpWith(primaryUrl: string): Promise<void>;
  /** Makes it the new primary, with what had arrived. */
  promote(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts a replica that streams from `primaryUrl`, which may lead through a proxy. Its data folder is a base backup
 * through PostgreSQL's low-level API: the package has no `pg_basebackup`.
 */
export async function startStandby(primaryUrl: string): Promise<Standby> {
  const home = createClusterHome(findServerUser());
  const server = new Server(home, installBinaries(home));
  const release = onProcessEnd(() => {
    server.endNow();
    rmSync(home.folder, REMOVE);
  });
  const stop = async () => {
    await server.end('immediate');
    rmSync(home.folder, REMOVE);
    release();
  };
  try {
    await backUp(primaryUrl, home);
    const url = new URL(primaryUrl);
    do url.port = String(randomPort());
    while (!(await server.start(Number(url.port))));
    return {
      url: url.href,
      catchUpWith: (primary) => untilReplayed(primary, url.href),
      promote: async () => void (await rowOf(url.href, 'SELECT pg_promote()')),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function backUp(primaryUrl: string, home: ClusterHome): Promise<void> {
  const client = new Client({ connectionString: primaryUrl });
  await client.connect();
  try {
    const { rows: places } = await client.query<{ folder: string; version: number }>(
      `SELECT current_setting('data_directory') AS folder, current_setting('server_version_num')::int AS version`,
    );
    const { folder, version } = places[0]!;
    const [start, stop] = BACKUPS.find(([since]) => version >= since)![1];
    await client.query(start);
    await copyData(folder, home.data);
    const { rows } = await client.query<{ labelfile: string }>(stop);
    writeFileSync(join(home.data, 'backup_label'), rows[0]!.labelfile);
  } finally {
    await client.end();
  }
  writeFileSync(join(home.data, 'standby.signal'), '');
  appendFileSync(join(home.data, 'postgresql.auto.conf'), `primary_conninfo = '${primaryUrl}'\n`);
  if (home.user) giveAll(home.data, home.user);
}

/** Where a backup begins and ends, by the version since which it is so. */
const BACKUPS = [
  [
    150_000,
    [
      "SELECT pg_backup_start('standby', fast => true)",
      'SELECT labelfile FROM pg_backup_stop(wait_for_archive => false)',
    ],
  ],
  [
    0,
    [
      "SELECT pg_start_backup('standby', fast => true, exclusive => false)",
      'SELECT labelfile FROM pg_stop_backup(exclusive => false, wait_for_archive => false)',
    ],
  ],
] as const;

/** Without the log, which the standby gets from the primary. A file may vanish while the server goes on. */
async function copyData(from: string, to: string): Promise<void> {
  for (const entry of await readdir(from, { recursive: true, withFileTypes: true })) {
    const path = relative(from, join(entry.parentPath, entry.name));
    if (entry.isDirectory()) await mkdir(join(to, path), { recursive: true, mode: 0o700 });
    else if (belongsToBackup(path)) await copyUnlessGone(join(from, path), join(to, path));
  }
}

function belongsToBackup(path: string): boolean {
  return !path.startsWith('pg_wal') && !path.startsWith('postmaster.');
}

async function copyUnlessGone(from: string, to: string): Promise<void> {
  try {
    await copyFile(from, to);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}

function giveAll(folder: string, { uid, gid }: { uid: number; gid: number }): void {
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    chownSync(join(folder, path), uid, gid);
  }
}

async function untilReplayed(primaryUrl: string, standbyUrl: string): Promise<void> {
  // Inserted, not written: commits of these servers do not wait for their log.
  const { at } = await rowOf<{ at: string }>(
    primaryUrl,
    'SELECT pg_current_wal_insert_lsn() AS at',
  );
  const sql = 'SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn AS replayed';
  await until('the standby has what the primary has', async () => {
    return (await rowOf<{ replayed: boolean }>(standbyUrl, sql, [at])).replayed;
  });
}

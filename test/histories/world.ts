import type { DatabaseAccess } from './database-access.js';
import type { DatabasePair } from './database-pair.js';
import type { HttpConnections } from './http-connections.js';
import type { Recorder } from './recorder.js';
import type { ServerProcess } from './server-process.js';
import type { UserPool } from './user-pool.js';

/** What the clients and the operator of one history share. */
export interface World {
  readonly servers: readonly ServerProcess[];
  readonly databases: DatabasePair;
  readonly database: DatabaseAccess;
  readonly http: HttpConnections;
  readonly recorder: Recorder;
  readonly users: UserPool;
  /** Set when the history is to end. */
  stopping: boolean;
}

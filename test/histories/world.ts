import type { DatabaseAccess } from './database-access.js';
import type { DatabasePair } from './database-pair.js';
import type { HistoryUser } from './history-user.js';
import type { HttpConnections } from './http-connections.js';
import type { Recorder } from './recorder.js';
import type { ServerProcess } from './server-process.js';
import type { PooledUser, UserPool } from './user-pool.js';

/** All of a history but its users. */
export interface Stage {
  readonly servers: readonly ServerProcess[];
  readonly databases: DatabasePair;
  readonly database: DatabaseAccess;
  readonly http: HttpConnections;
  readonly recorder: Recorder;
  /** Set when the history is to end. */
  stopping: boolean;
}

/** What the clients and the operator of one history share. */
export interface World<User extends PooledUser = HistoryUser> extends Stage {
  readonly users: UserPool<User>;
}

/** As much of it as the operator needs, whatever the users are. */
export interface OperatedWorld extends Stage {
  readonly users: Pick<UserPool<PooledUser>, 'some' | 'duringEveryone'>;
}

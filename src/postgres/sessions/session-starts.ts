import type {
  Fork,
  SessionStart,
  StartedSession,
  StartFailure,
} from '../../state/session.store.js';
import { TokenStateUnchangedError } from '../../state/token-state-unchanged.error.js';
import { fullTransactionId } from '../change-row.js';
import { codeOf } from '../pg-error.js';
import type { Statement } from '../pg-pool.js';
import { decodeStarted } from './session-row.js';
import type { SessionStoreParts } from './session-store-parts.js';
import { forkValues, startValues } from './start-statements.js';

/** SQLSTATE foreign_key_violation: the user was deleted meanwhile. */
const NO_SUCH_USER = '23503';

type StartedRow = readonly [
  started: string | null,
  evicted: string | null,
  /** Whether a trigger has kept one of them. */
  spared: 'true' | 'false',
  due: 'true' | 'false',
  hasRoom: 'true' | 'false',
  writer: string,
  transaction: string,
];

/** New sessions: of a login, and of a fork. */
export class SessionStarts<User, Transaction> {
  constructor(private readonly parts: SessionStoreParts<User, Transaction>) {}

  async start(
    start: SessionStart,
    transaction: Transaction | undefined,
  ): Promise<StartedSession | StartFailure> {
    const { sessions, subjects } = await this.parts.database();
    if (!subjects.accepts(start.subject)) return 'user_unknown';
    const statement = { text: sessions.start, values: startValues(start) };
    return this.insert(statement, 'version_moved', transaction);
  }

  async fork(
    fork: Fork,
    transaction: Transaction | undefined,
  ): Promise<StartedSession | StartFailure | 'session_ended'> {
    const { sessions, subjects } = await this.parts.database();
    if (!subjects.accepts(fork.from.subject)) return 'user_unknown';
    const statement = { text: sessions.fork, values: forkValues(fork) };
    return this.insert(statement, 'session_ended', transaction);
  }

  private async insert<Failure extends string>(
    statement: Statement,
    notDue: Failure,
    transaction: Transaction | undefined,
  ): Promise<StartedSession | StartFailure | Failure> {
    const rows = await this.parts.writer.rows(statement, transaction).catch((error: unknown) => {
      // In a transaction the error has undone more than this.
      if (transaction === undefined && codeOf(error) === NO_SUCH_USER) return [];
      throw error;
    });
    const [row] = rows as unknown as StartedRow[];
    if (row === undefined) return 'user_unknown';
    const [started, evicted, spared, due, hasRoom, writer, id] = row;
    if (due !== 'true') return notDue;
    if (hasRoom !== 'true') return 'limit_reached';
    if (started === null) throw new TokenStateUnchangedError();
    if (spared === 'true') throw new TokenStateUnchangedError('part');
    return {
      ...decodeStarted(started),
      evicted: evicted === null ? [] : evicted.split(' '),
      ...this.parts.writer.pendingIn(transaction, fullTransactionId(writer, id)),
    };
  }
}

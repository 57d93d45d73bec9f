import type {
  EndedSessions,
  Ending,
  OtherSessions,
  SessionTarget,
} from '../../state/session.store.js';
import { TokenStateUnchangedError } from '../../state/token-state-unchanged.error.js';
import { fullTransactionId } from '../change-row.js';
import type { Statement } from '../pg-pool.js';
import { isUuid } from '../subject-format.js';
import { hex } from './secret-hash.js';
import type { SessionStoreParts } from './session-store-parts.js';

/** A session that was to end. */
type EndRow = [
  sessionId: string,
  subject: string,
  writer: string,
  transaction: string,
  done: 'true' | 'false',
];

const NONE: EndedSessions = { ids: [], subject: undefined };

/** The end of one session, or of all others of a user. */
export class SessionEndings<User, Transaction> {
  constructor(private readonly parts: SessionStoreParts<User, Transaction>) {}

  async end(
    { sessionId, of }: SessionTarget,
    { reason, retentionSeconds }: Ending,
    transaction: Transaction | undefined,
  ): Promise<EndedSessions> {
    const { sessions, subjects } = await this.parts.database();
    const isKnown = 'secretHash' in of || subjects.accepts(of.subject);
    if (!isUuid(sessionId) || !isKnown) return NONE;
    const [text, by] =
      'secretHash' in of
        ? [sessions.end.secretHash, hex(of.secretHash)]
        : [sessions.end.subject, of.subject];
    return this.ended({ text, values: [sessionId, by, reason, retentionSeconds] }, transaction);
  }

  async endOthers(
    { subject, except }: OtherSessions,
    { reason, retentionSeconds }: Ending,
    transaction: Transaction | undefined,
  ): Promise<EndedSessions> {
    const { sessions, subjects } = await this.parts.database();
    if (!subjects.accepts(subject)) return NONE;
    const values = [subject, except ?? null, reason, retentionSeconds];
    return this.ended({ text: sessions.endOthers, values }, transaction);
  }

  private async ended(
    statement: Statement,
    transaction: Transaction | undefined,
  ): Promise<EndedSessions> {
    const rows = (await this.parts.writer.rows(statement, transaction)) as EndRow[];
    const [first] = rows;
    if (first === undefined) return NONE;
    requireDone(rows);
    const [, subject, writer, id] = first;
    return {
      ids: rows.map(([sessionId]) => sessionId),
      subject,
      ...this.parts.writer.pendingIn(transaction, fullTransactionId(writer, id)),
    };
  }
}

/** @throws TokenStateUnchangedError unless each row shows its end */
function requireDone(rows: readonly EndRow[]): void {
  const undone = rows.filter(([, , , , done]) => done !== 'true');
  if (undone.length === 0) return;
  throw new TokenStateUnchangedError(undone.length < rows.length ? 'part' : 'nothing');
}

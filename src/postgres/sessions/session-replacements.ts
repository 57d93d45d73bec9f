import type {
  ReplacedSession,
  ReplaceFailure,
  Replacement,
  SessionTarget,
} from '../../state/session.store.js';
import { TokenStateUnchangedError } from '../../state/token-state-unchanged.error.js';
import { fullTransactionId } from '../change-row.js';
import { isUuid } from '../subject-format.js';
import { replaceValues } from './replace-statements.js';
import { decodeStarted } from './session-row.js';
import type { SessionStoreParts } from './session-store-parts.js';

type ReplaceRow = readonly [
  due: string,
  started: string | null,
  version: string,
  instant: string | null,
  former: string,
  writer: string,
  transaction: string,
  live: 'true' | 'false',
  ended: 'true' | 'false',
];

/** Sessions that take the place of another one. */
export class SessionReplacements<User, Transaction> {
  constructor(private readonly parts: SessionStoreParts<User, Transaction>) {}

  async replace(
    { sessionId, of }: SessionTarget & { readonly of: { readonly subject: string } },
    replacement: Replacement,
    transaction: Transaction | undefined,
  ): Promise<ReplacedSession | ReplaceFailure> {
    const { sessions, subjects, passwordText } = await this.parts.database();
    if (!subjects.accepts(of.subject)) return 'user_unknown';
    if (!isUuid(sessionId)) return 'session_ended';
    const { replacing } = replacement;
    const text =
      replacing.because === 'password'
        ? passwordText(sessions.replace.password)
        : sessions.replace[replacing.because];
    const values = replaceValues(sessionId, of.subject, replacement);
    const [row] = await this.parts.writer.rows({ text, values }, transaction);
    return this.replaced(row as ReplaceRow | undefined, replacing, transaction);
  }

  private replaced(
    row: ReplaceRow | undefined,
    { because }: Replacement['replacing'],
    transaction: Transaction | undefined,
  ): ReplacedSession | ReplaceFailure {
    if (row === undefined) return 'user_unknown';
    const [due, started, version, instant, former, writer, id, live, ended] = row;
    if (due !== 'true') return 'conflict';
    if (live !== 'true') return 'session_ended';
    if (started === null || ended !== 'true') throw new TokenStateUnchangedError('part');
    if (because !== 'login' && !(Number(version) > Number(former))) {
      throw new TokenStateUnchangedError();
    }
    const pending = this.parts.writer.pendingIn(transaction, fullTransactionId(writer, id));
    return {
      started: { ...decodeStarted(started), evicted: [], ...pending },
      ...(because !== 'login' && {
        change: { version: Number(version), effectiveAt: new Date(Number(instant)), ...pending },
      }),
    };
  }
}

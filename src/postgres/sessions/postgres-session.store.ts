import {
  type EndedSessions,
  type Ending,
  type Fork,
  type ListedSession,
  type NewSession,
  type OtherSessions,
  type PresentedRefresh,
  type RefreshRecord,
  type RefreshVisit,
  type ReplacedSession,
  type ReplaceFailure,
  type Replacement,
  type RevokedToken,
  type SessionPage,
  SessionStore,
  type SessionStart,
  type SessionTarget,
  type Sight,
  type StartedSession,
  type StartFailure,
} from '../../state/session.store.js';
import { TokenStateUnchangedError } from '../../state/token-state-unchanged.error.js';
import { fullTransactionId } from '../change-row.js';
import { codeOf, isFaultOfStatement } from '../pg-error.js';
import type { Statement } from '../pg-pool.js';
import { decodeEveryone, positionOf, type StateRow, subjectOf } from '../state-row.js';
import { directly, recordOf } from '../state-reading.js';
import { arrayOfWords } from '../sql.js';
import type { StateWriter } from '../state-writer.js';
import { isUuid } from '../subject-format.js';
import type { UserDatabase } from '../user-database.js';
import type { LoadedUser } from '../user-loader.js';
import { decodeListed, decodeRefreshed, decodeStarted } from './session-row.js';
import { FIRST_OF_USER } from './session-statements.js';
import type { SessionReads } from './session-reads.js';
import { SharedWork } from './shared-work.js';

/** What the store of the sessions shares with that of the users. */
export interface SessionStoreParts<User, Transaction> {
  readonly writer: StateWriter<Transaction>;
  readonly reads: SessionReads<User>;
  /** The users table, once it is known. */
  database(): Promise<UserDatabase<User>>;
}

/** SQLSTATE foreign_key_violation: the user was deleted meanwhile. */
const NO_SUCH_USER = '23503';

/** Keeps sessions in a table next to that of the users, in PostgreSQL. */
export class PostgresSessionStore<User, Transaction> extends SessionStore<User, Transaction> {
  override readonly writeTimeoutMs: number;
  private readonly rotations = new SharedWork((asked: readonly Rotation[]) =>
    this.rotateTogether(asked),
  );
  private readonly looks = new SharedWork((asked: readonly PresentedRefresh[]) =>
    this.lookTogether(asked),
  );

  constructor(private readonly parts: SessionStoreParts<User, Transaction>) {
    super();
    this.writeTimeoutMs = parts.writer.timeoutMs;
  }

  async start(
    { session, subject, userVersion, persistent, limits }: SessionStart,
    transaction?: Transaction,
  ): Promise<StartedSession | StartFailure> {
    const { sessions, subjects } = await this.parts.database();
    if (!subjects.accepts(subject)) return 'user_unknown';
    const { absoluteSeconds, idleSeconds } = limits;
    const values = [
      ...insertedValues(subject, session, limits),
      userVersion,
      absoluteSeconds,
      idleSeconds,
      persistent,
    ];
    return this.insert({ text: sessions.start, values }, 'version_moved', transaction);
  }

  async fork(
    { from, session, limits }: Fork,
    transaction?: Transaction,
  ): Promise<StartedSession | StartFailure | 'session_ended'> {
    const { sessions, subjects } = await this.parts.database();
    if (!subjects.accepts(from.subject)) return 'user_unknown';
    const values = [
      ...insertedValues(from.subject, session, limits),
      from.sessionId,
      from.generation,
    ];
    return this.insert({ text: sessions.fork, values }, 'session_ended', transaction);
  }

  async rotate(
    presented: PresentedRefresh,
    visit: RefreshVisit,
    transaction?: Transaction,
  ): Promise<RefreshRecord<User> | undefined> {
    const rotation = { presented, visit };
    if (transaction !== undefined) return this.rotateAlone(rotation, transaction);
    const shared = await this.rotations.add(rotation);
    return shared === 'alone' ? this.rotateAlone(rotation) : shared;
  }

  async look(
    presented: PresentedRefresh,
    transaction?: Transaction,
  ): Promise<RefreshRecord<User> | undefined> {
    if (transaction === undefined) return this.looks.add(presented);
    const { sessions } = await this.parts.database();
    const values = [presented.sessionId, hex(presented.secretHash)];
    const rows = await this.parts.writer.rows({ text: sessions.look, values }, transaction);
    return this.decode(firstOf(rows));
  }

  async adopt(
    { sessionId, generation, secretHash }: PresentedRefresh,
    transaction?: Transaction,
  ): Promise<boolean> {
    const { sessions } = await this.parts.database();
    const values = [sessionId, hex(secretHash), generation];
    const rows = await this.parts.writer.rows({ text: sessions.adopt, values }, transaction);
    return rows.length > 0;
  }

  async repeat(
    { sessionId, generation, secretHash }: PresentedRefresh,
    transaction?: Transaction,
  ): Promise<void> {
    const { sessions } = await this.parts.database();
    const values = [sessionId, hex(secretHash), generation];
    await this.parts.writer.rows({ text: sessions.repeat, values }, transaction);
  }

  async markSeen(sights: readonly Sight[], transaction?: Transaction): Promise<number> {
    if (sights.length === 0) return 0;
    const { sessions } = await this.parts.database();
    const values = [
      arrayOfWords(sights.map(({ sessionId }) => sessionId)),
      arrayOfWords(sights.map(({ generation }) => String(generation))),
    ];
    const [row] = await this.parts.writer.rows({ text: sessions.markSeen, values }, transaction);
    return Number(row![0]);
  }

  async end(
    { sessionId, of }: SessionTarget,
    { reason, retentionSeconds }: Ending,
    transaction?: Transaction,
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
    transaction?: Transaction,
  ): Promise<EndedSessions> {
    const { sessions, subjects } = await this.parts.database();
    if (!subjects.accepts(subject)) return NONE;
    const values = [subject, except ?? null, reason, retentionSeconds];
    return this.ended({ text: sessions.endOthers, values }, transaction);
  }

  async replace(
    { sessionId, of }: SessionTarget & { readonly of: { readonly subject: string } },
    { session, replacing, limits, credentialsEntered }: Replacement,
    transaction?: Transaction,
  ): Promise<ReplacedSession | ReplaceFailure> {
    const { sessions, subjects, passwordText } = await this.parts.database();
    if (!subjects.accepts(of.subject)) return 'user_unknown';
    if (!isUuid(sessionId)) return 'session_ended';
    const { absoluteSeconds, idleSeconds, retentionSeconds } = limits;
    const text =
      replacing.because === 'password'
        ? passwordText(sessions.replace.password)
        : sessions.replace[replacing.because];
    const values = [
      sessionId,
      of.subject,
      session.id,
      hex(session.secretHash),
      credentialsEntered,
      absoluteSeconds,
      idleSeconds,
      retentionSeconds,
      ...replacingValues(replacing),
    ];
    const [row] = await this.parts.writer.rows({ text, values }, transaction);
    return this.replaced(row as ReplaceRow | undefined, replacing, transaction);
  }

  async list(subject: string, { limit, after }: SessionPage): Promise<ListedSession[]> {
    const { sessions, subjects } = await this.parts.database();
    if (!subjects.accepts(subject) || (after !== undefined && !isUuid(after))) return [];
    const rows = await this.parts.writer.run({
      text: sessions.list,
      values: [subject, limit, after ?? null],
    });
    return rows.map(([listed]) => decodeListed(listed as string));
  }

  async sweep(transaction?: Transaction): Promise<number> {
    const { sessions } = await this.parts.database();
    const [row] = await this.parts.writer.rows({ text: sessions.sweep, values: [] }, transaction);
    return Number(row![0]);
  }

  async revokeToken(
    { tokenId, expiresAt }: RevokedToken,
    transaction?: Transaction,
  ): Promise<void> {
    const { sessions } = await this.parts.database();
    const values = [tokenId, expiresAt.getTime()];
    await this.parts.writer.rows({ text: sessions.revokeToken, values }, transaction);
  }

  private async rotateAlone(
    rotation: Rotation,
    transaction?: Transaction,
  ): Promise<RefreshRecord<User> | undefined> {
    const { sessions } = await this.parts.database();
    const statement = { ...sessions.rotate, values: rotatedValues(rotation) };
    const rows = await this.parts.writer.rows(statement, transaction);
    return this.decode(firstOf(rows));
  }

  /** For each a record, or `undefined` where it was not due; `alone`: this statement cannot say. */
  private async rotateTogether(
    asked: readonly Rotation[],
  ): Promise<Promise<RefreshRecord<User> | undefined | 'alone'>[]> {
    if (asked.length === 1) return [Promise.resolve(await this.rotateAlone(asked[0]!))];
    const { sessions } = await this.parts.database();
    const values = inColumns(asked.map(rotatedValues));
    let rows: StateRow[];
    try {
      const statement = { ...sessions.rotateTogether, values };
      rows = (await this.parts.writer.run(statement)) as unknown as StateRow[];
    } catch (error) {
      // The row of one of them may be at fault, and not those of the others.
      if (isFaultOfStatement(error)) return asked.map(() => Promise.resolve('alone'));
      throw error;
    }
    const found = byPosition(rows);
    return asked.map((_, index) => this.decode(found.get(index)));
  }

  private async lookTogether(
    asked: readonly PresentedRefresh[],
  ): Promise<Promise<RefreshRecord<User> | undefined>[]> {
    const { sessions } = await this.parts.database();
    const values = [
      asked.map(({ sessionId }) => sessionId),
      asked.map(({ secretHash }) => hex(secretHash)),
    ];
    const rows = await this.parts.reads.read({ ...sessions.lookTogether, values });
    const found = byPosition(rows as unknown as StateRow[]);
    return asked.map((_, index) => this.decode(found.get(index)));
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
    const [row] = rows as [started: string, evicted: string, due: string, ...by: string[]][];
    if (row === undefined) return 'user_unknown';
    const [started, evicted, due, writer, id] = row;
    if (started === null) return due === 'true' ? 'limit_reached' : notDue;
    return {
      ...decodeStarted(started),
      evicted: evicted === null ? [] : evicted.split(' '),
      ...this.parts.writer.pendingIn(transaction, fullTransactionId(writer!, id!)),
    };
  }

  private async ended(
    statement: Statement,
    transaction: Transaction | undefined,
  ): Promise<EndedSessions> {
    const rows = (await this.parts.writer.rows(statement, transaction)) as string[][];
    const [first] = rows;
    if (first === undefined) return NONE;
    const [, subject, writer, id] = first;
    return {
      ids: rows.map(([sessionId]) => sessionId!),
      subject,
      ...this.parts.writer.pendingIn(transaction, fullTransactionId(writer!, id!)),
    };
  }

  private replaced(
    row: ReplaceRow | undefined,
    { because }: Replacement['replacing'],
    transaction: Transaction | undefined,
  ): ReplacedSession | ReplaceFailure {
    if (row === undefined) return 'user_unknown';
    const [due, started, version, instant, former, writer, id] = row;
    if (due !== 'true') return 'conflict';
    if (started === null) return 'session_ended';
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

  /** The row of `rotate` or `look`. */
  private async decode(row: StateRow | undefined): Promise<RefreshRecord<User> | undefined> {
    if (row === undefined || subjectOf(row) === null) return undefined;
    const { hide } = await this.parts.database();
    const record = recordOf(row, await this.userOf(row), hide);
    if (record instanceof Error) throw record;
    const refreshed = decodeRefreshed(row[FIRST_OF_USER - 1] as string);
    return record && Object.assign(record, { everyone: decodeEveryone(row), refreshed });
  }

  /** From the row, where its values are all that it takes: those of a caller's transaction come by other parsers. */
  private async userOf(row: StateRow): Promise<LoadedUser<User>> {
    const { loader } = await this.parts.database();
    if (loader.readsMore || loader.types) return this.parts.reads.find(subjectOf(row)!);
    const [user] = await loader.load([row], FIRST_OF_USER, { contexts: [directly] });
    return user;
  }
}

type ReplaceRow = readonly [
  due: string,
  started: string | null,
  version: string,
  instant: string | null,
  former: string,
  writer: string,
  transaction: string,
];

/** A refresh that is to be made. */
interface Rotation {
  readonly presented: PresentedRefresh;
  readonly visit: RefreshVisit;
}

/** The parameters of a refresh. */
function rotatedValues({ presented, visit }: Rotation): unknown[] {
  const { sessionId, secretHash, generation } = presented;
  const { graceSeconds, userAgent, from } = visit;
  return [sessionId, hex(secretHash), generation, graceSeconds, userAgent ?? null, from ?? null];
}

function inColumns(rows: readonly unknown[][]): unknown[][] {
  return rows[0]!.map((_, column) => rows.map((row) => row[column]));
}

function firstOf(rows: unknown[][]): StateRow | undefined {
  return rows[0] as StateRow | undefined;
}

function byPosition(rows: readonly StateRow[]): Map<number, StateRow> {
  return new Map(rows.map((row) => [positionOf(row), row]));
}

const NONE: EndedSessions = { ids: [], subject: undefined };

/** The parameters that a login and a fork have in common. */
function insertedValues(
  subject: string,
  { id, secretHash, label, userAgent, from }: NewSession,
  { maxSessions, atCap, retentionSeconds }: Fork['limits'],
): unknown[] {
  return [
    subject,
    id,
    hex(secretHash),
    label,
    userAgent,
    from,
    maxSessions ?? null,
    atCap === 'refuse',
    retentionSeconds,
  ];
}

function replacingValues(replacing: Replacement['replacing']): unknown[] {
  if (replacing.because === 'login') return [replacing.userVersion];
  if (replacing.because === 'logout') return [];
  return [replacing.password.currentHash, replacing.password.newHash];
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

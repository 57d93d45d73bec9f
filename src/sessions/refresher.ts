import { keptAddress } from '../events/address.js';
import { judgeRefresh, type RefreshAcceptance, type RefreshRefusal } from '../rule/refresh-rule.js';
import { type Refusal, refusal } from '../rule/refusal.js';
import type { EndedSessions, RefreshRecord, SessionStore } from '../state/session.store.js';
import { TokenStateUnavailableError } from '../state/token-state-unavailable.error.js';
import { keptText, LONGEST_USER_AGENT } from './kept-text.js';
import type { RefreshToken } from './refresh-token.js';
import type { RefreshOptions } from './session-calls.js';
import type { SessionReports } from './session-reports.js';
import type { SessionSettings } from './session-settings.js';
import {
  cutoffsOf,
  type SessionTokens,
  type SessionTokenWriter,
  type SignedSession,
  type TokenHolder,
} from './session-tokens.js';

/** How often a session that others write at the same moment is looked at again. */
const LOOKS = 5;

/** What the refresher works with. */
export interface RefresherParts<User, Transaction> {
  readonly store: SessionStore<User, Transaction>;
  readonly tokens: SessionTokenWriter<User>;
  readonly reports: SessionReports;
  readonly settings: SessionSettings;
}

/** A refresh token that was judged and accepted, with what was read for it. */
export interface JudgedToken<User> {
  readonly accepted: true;
  readonly acceptance: RefreshAcceptance;
  readonly record: RefreshRecord<User>;
}

/** Answers refresh tokens whose signature was checked: one UPDATE, and a look at the session only where that misses. */
export class Refresher<User, Transaction> {
  constructor(private readonly parts: RefresherParts<User, Transaction>) {}

  async refresh(
    token: RefreshToken,
    options: RefreshOptions<Transaction>,
  ): Promise<SessionTokens | Refusal> {
    const rotated = await this.parts.store.rotate(token, this.visit(options), options.transaction);
    if (rotated !== undefined) return this.answerRotated(token, rotated, options);

    const judged = await this.judge(token, options);
    if (!judged.accepted) return judged;
    const { acceptance, record } = judged;
    this.reportRefresh(record, acceptance, options);
    const repeated = acceptance.repeatsSuccessor ? token : undefined;
    return this.parts.tokens.write(
      signed(record, acceptance.generation),
      holderOf(record),
      repeated,
    );
  }

  /** Judges a token by the session as it is, and writes what that asks for. */
  async judge(
    token: RefreshToken,
    options: RefreshOptions<Transaction>,
  ): Promise<JudgedToken<User> | Refusal> {
    const { store, settings } = this.parts;
    for (let looks = 0; looks < LOOKS; looks += 1) {
      const record = await store.look(token, options.transaction);
      const active = record !== undefined && (await this.isActive(record));
      const verdict = judgeRefresh(token.generation, record && { ...record, active }, settings);
      if (!verdict.accepted) {
        return this.reported(await this.refuse(token, { verdict, record, options }), record);
      }
      if (await this.write(token, verdict, options)) {
        return { accepted: true, acceptance: verdict, record: record! };
      }
    }
    throw new TokenStateUnavailableError(new Error('The session changed at every look at it.'));
  }

  private async answerRotated(
    token: RefreshToken,
    record: RefreshRecord<User>,
    options: RefreshOptions<Transaction>,
  ): Promise<SessionTokens | Refusal> {
    // What the user may do is not a matter of the session, which stays: an answer that was not given counts as lost.
    if (!(await this.isActive(record))) return this.reported(refusal('user_inactive'), record);
    const { generation } = record.refreshed;
    this.reportRotation(record, options);
    return this.parts.tokens.write(signed(record, generation), holderOf(record), token);
  }

  private async isActive(record: RefreshRecord<User>): Promise<boolean> {
    const { generation } = record.refreshed;
    return (
      record.active &&
      (await this.parts.tokens.isActive(signed(record, generation), holderOf(record)))
    );
  }

  /** False: somebody else wrote the session first, so it has to be judged again. */
  private async write(
    token: RefreshToken,
    { write }: RefreshAcceptance,
    { transaction }: RefreshOptions<Transaction>,
  ): Promise<boolean> {
    const { store } = this.parts;
    if (write === 'sight') await store.markSeen([token], transaction);
    if (write === 'repeat') await store.repeat(token, transaction);
    return write !== 'adoption' || (await store.adopt(token, transaction));
  }

  private async refuse(
    token: RefreshToken,
    refused: {
      readonly verdict: RefreshRefusal;
      readonly record: RefreshRecord<User> | undefined;
      readonly options: RefreshOptions<Transaction>;
    },
  ): Promise<Refusal> {
    const { verdict, record, options } = refused;
    const { ends, ...plain } = verdict;
    if (ends === undefined || record === undefined) return plain;
    const { settings, reports, store } = this.parts;
    if (ends === 'refresh_reused' && settings.onReuse === 'refuse') {
      this.reportReuse(token, record, { options });
      return plain;
    }
    const { secretHash, sessionId } = token;
    const { retentionSeconds } = settings.limits;
    const ended = await store.end(
      { sessionId, of: { secretHash } },
      { reason: ends, retentionSeconds },
      options.transaction,
    );
    if (ends === 'refresh_reused') this.reportReuse(token, record, { options, ended });
    reports.ended(ended, ends, options);
    return plain;
  }

  private reported(refused: Refusal, record: RefreshRecord<User> | undefined): Refusal {
    const isItsToken = record?.refreshed.secretMatches === true;
    return this.parts.reports.reportRefusal(
      refused,
      isItsToken ? record.refreshed.subject : undefined,
    );
  }

  private visit({ userAgent, address }: RefreshOptions<Transaction>) {
    const { graceSeconds, address: policy } = this.parts.settings;
    return {
      graceSeconds,
      userAgent: keptText(userAgent, LONGEST_USER_AGENT) ?? undefined,
      from: keptAddress(address, policy),
    };
  }

  private reportRotation(record: RefreshRecord<User>, options: RefreshOptions<Transaction>): void {
    const { generation } = record.refreshed;
    const happened = { kind: 'refreshed', rotated: true, generation } as const;
    this.parts.reports.report({ ...happened, ...aboutRefresh(record, options) }, options, record);
  }

  private reportRefresh(
    record: RefreshRecord<User>,
    { generation, isLate }: RefreshAcceptance,
    options: RefreshOptions<Transaction>,
  ): void {
    const { secondsSinceRotated } = record.refreshed;
    const of = { generation, ...aboutRefresh(record, options) };
    const { reports } = this.parts;
    if (isLate) reports.report({ kind: 'refresh_repeated', ...of, secondsSinceRotated }, options);
    reports.report({ kind: 'refreshed', rotated: false, ...of }, options);
  }

  /** @param reuse - without `ended`, the session goes on */
  private reportReuse(
    { generation: presented }: RefreshToken,
    record: RefreshRecord<User>,
    reuse: { readonly options: RefreshOptions<Transaction>; readonly ended?: EndedSessions },
  ): void {
    const { options, ended } = reuse;
    const { generation } = record.refreshed;
    const happened = { kind: 'refresh_reused', generation, presented } as const;
    const of = aboutRefresh(record, options);
    const event = { ...happened, ended: ended !== undefined, ...of };
    this.parts.reports.report(event, options, ended);
  }
}

/** What the events of a refresh say besides who, and from where. */
function aboutRefresh(
  { refreshed: { subject, id: sessionId, label } }: RefreshRecord<unknown>,
  { userAgent: given }: RefreshOptions<unknown>,
) {
  const userAgent = keptText(given, LONGEST_USER_AGENT);
  return { subject, sessionId, label, ...(userAgent !== null && { userAgent }) };
}

function signed({ refreshed }: RefreshRecord<unknown>, generation: number): SignedSession {
  return { ...refreshed, generation };
}

function holderOf<User>({ user, state }: RefreshRecord<User>): TokenHolder<User> {
  return { user, cutoffs: cutoffsOf(state) };
}

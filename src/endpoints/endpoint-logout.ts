import { Injectable, Optional } from '@nestjs/common';
import type { InvalidationReceipt } from '../invalidation/receipt.js';
import { TokenInvalidator } from '../invalidation/token-invalidator.service.js';
import type { TokenClaims } from '../rule/claims.js';
import type { Refusal } from '../rule/refusal.js';
import type { StartedTokens } from '../sessions/session-starter.js';
import { TokenSessions } from '../sessions/token-sessions.service.js';
import { LogoutTransaction } from './logout-transaction.js';

/** The caller's session. */
export interface LiveSession {
  readonly sid: string;
  readonly user: unknown;
  /** Of the client. */
  readonly address: string | undefined;
}

/** Logs the caller out: alone, or in the transaction of the application's `LogoutTransaction`. */
@Injectable()
export class EndpointLogout {
  constructor(
    private readonly invalidator: TokenInvalidator,
    private readonly sessions: TokenSessions,
    @Optional() private readonly transaction?: LogoutTransaction,
  ) {}

  of(claims: TokenClaims, address: string | undefined): Promise<InvalidationReceipt> {
    // Only while the token's version is the user's: another invalidation may have come after the guard.
    const ifVersion = claims.ver ?? 0;
    const call = { ifVersion, by: claims.sub, address };
    return this.within(claims, (transaction) =>
      this.invalidator.logoutEverywhere(claims.sub, { ...call, transaction }),
    );
  }

  /** Everywhere but on the device of the session, which goes on under another one. */
  elsewhere(claims: TokenClaims, session: LiveSession): Promise<StartedTokens | Refusal> {
    const { sid, user, address } = session;
    return this.within(claims, (transaction) =>
      this.sessions.logoutEverywhereElse(sid, user, { by: claims.sub, address, transaction }),
    );
  }

  private async within<Result>(
    claims: TokenClaims,
    logout: (transaction?: unknown) => Promise<Result>,
  ): Promise<Result> {
    if (this.transaction === undefined) return logout();
    let done: { readonly result: Result } | undefined;
    await this.transaction.run(async (transaction) => {
      if (!transaction) throw new TypeError('Give logout the transaction that it is to join.');
      done = { result: await logout(transaction) };
    }, claims);
    if (done !== undefined) return done.result;
    throw new Error('LogoutTransaction.run() resolved before the logout: await what logout gives.');
  }
}

import { Injectable, Optional } from '@nestjs/common';
import type { InvalidationReceipt } from '../invalidation/receipt.js';
import { TokenInvalidator } from '../invalidation/token-invalidator.service.js';
import type { TokenClaims } from '../rule/claims.js';
import { LogoutTransaction } from './logout-transaction.js';

/** Logs the caller out: alone, or in the transaction of the application's `LogoutTransaction`. */
@Injectable()
export class EndpointLogout {
  constructor(
    private readonly invalidator: TokenInvalidator,
    @Optional() private readonly transaction?: LogoutTransaction,
  ) {}

  async of(claims: TokenClaims): Promise<InvalidationReceipt> {
    if (this.transaction === undefined) return this.logout(claims);
    let receipt: InvalidationReceipt | undefined;
    await this.transaction.run(async (transaction) => {
      if (!transaction) throw new TypeError('Give logout the transaction that it is to join.');
      receipt = await this.logout(claims, transaction);
      return receipt;
    }, claims);
    if (receipt !== undefined) return receipt;
    throw new Error('LogoutTransaction.run() resolved before the logout: await what logout gives.');
  }

  /** Only while the token's version is the user's: another invalidation may have come after the guard. */
  private logout(claims: TokenClaims, transaction?: unknown): Promise<InvalidationReceipt> {
    const ifVersion = claims.ver ?? 0;
    return this.invalidator.logoutEverywhere(claims.sub, { ifVersion, transaction });
  }
}

import type { TokenClaims } from '../rule/claims.js';

/**
 * Runs the endpoint's logout in one transaction with whatever belongs to it, such as deleting sessions: both happen, or
 * neither. For the option `logoutTransaction` of `endpoints`; Nest injects what the constructor asks for.
 *
 * @example
 * ```ts
 * export class EndSessions extends LogoutTransaction<EntityManager> {
 *   constructor(private db: DataSource) {
 *     super();
 *   }
 *
 *   run(logout: LogoutWithin<EntityManager>, { sub }: TokenClaims) {
 *     return this.db.transaction(async (manager) => {
 *       await logout(manager);
 *       await manager.delete(Session, { userId: sub });
 *     });
 *   }
 * }
 * ```
 */
export abstract class LogoutTransaction<Transaction = unknown> {
  /**
   * Opens a transaction, calls `logout` with it, and resolves once it is committed. It must reject when the transaction
   * was rolled back: the endpoint answers success when it resolves.
   *
   * @param logout - invalidates the caller's tokens in this transaction
   * @param claims - of the caller's token
   */
  abstract run(logout: LogoutWithin<Transaction>, claims: TokenClaims): Promise<unknown>;
}

/**
 * Invalidates the caller's tokens in a transaction.
 *
 * @throws VersionConflictError when other tokens were issued after an invalidation that came in between
 * @throws TypeError when there is no transaction
 */
export type LogoutWithin<Transaction> = (transaction: Transaction) => Promise<void>;

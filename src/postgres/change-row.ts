import { TokenStateUnchangedError } from '../state/token-state-unchanged.error.js';

/** A row that a write returns, all of it text; NULLs where nothing was written. */
export type ChangeRow = readonly [
  version: string | null,
  instant: string | null,
  writer: string | null,
  transaction: string | null,
  /** Whether the condition was met. */
  due: string | null,
  /** Whether the row that was written shows the change; `part`: not all of it. */
  done: string | null,
];

/** What a write changed. */
export interface Change {
  readonly version: number;
  readonly effectiveAt: Date;
  /** The full id of the transaction that wrote, or of its subtransaction. */
  readonly transactionId: string;
}

/**
 * `undefined`: the condition was not met.
 *
 * @throws TokenStateUnchangedError when it was, and the row does not show all of the change
 */
export function decodeChange(row: ChangeRow): Change | undefined {
  const [version, instant, writer, transaction, due, done] = row;
  if (due !== 'true') return undefined;
  if (done !== 'true') throw new TokenStateUnchangedError(done === 'part' ? done : undefined);
  return {
    version: Number(version),
    effectiveAt: new Date(Number(instant)),
    transactionId: fullTransactionId(writer!, transaction!),
  };
}

/**
 * A row's `xmin` names the writer, which after a SAVEPOINT is a subtransaction, but only by the lower half of its id.
 * The transaction's full id has the other half. A subtransaction gets its id after its transaction: a lower one means
 * that the counter of the lower half began again in between.
 */
export function fullTransactionId(writer: string, transaction: string): string {
  const [low, full] = [BigInt(writer), BigInt(transaction)];
  const epoch = full >> 32n;
  const isLater = low < BigInt.asUintN(32, full);
  return String(((isLater ? epoch + 1n : epoch) << 32n) + low);
}

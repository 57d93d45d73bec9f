import type { DatabaseAccess } from './database-access.js';
import { monotonicMs } from './monotonic.js';
import { cutoffOf } from './history.js';
import type { Operation } from './operation.js';

/** Whoever an operation concerns, and keeps it. */
interface RecordedUser {
  readonly id: string;
  record(operation: Operation): void;
}

/** What is known of an operation when it is invoked. */
export type Invocation = Pick<
  Operation,
  'client' | 'kind' | 'process' | 'token' | 'via' | 'password' | 'active' | 'session'
> & { readonly user?: RecordedUser };

/** What is known of it when it is completed. */
export type Completion = Pick<
  Operation,
  'outcome' | 'status' | 'reason' | 'issued' | 'receipt' | 'observed' | 'answer' | 'rows'
> & { readonly databaseBefore?: number };

/** An operation's place in the history, as it is handed to what completes it. */
export type Begun = Pick<Operation, 'id' | 'invokedAt'>;

/** The receipt in the answer to an invalidation. */
export function readReceipt({
  version,
  effectiveAt,
}: Record<string, unknown>): Pick<Completion, 'receipt'> {
  const at = Date.parse(effectiveAt as string);
  return { receipt: { version: version as number, effectiveAt: at } };
}

/** Writes the history: every operation's invocation and completion, on one clock. */
export class Recorder {
  readonly everyone: Operation[] = [];
  readonly counts = new Map<string, number>();
  operations = 0;
  invalidations = 0;
  private ids = 0;
  private tokenIds = 0;

  private limit = Infinity;
  private reached: () => void = () => {};

  constructor(private readonly database: DatabaseAccess) {}

  /** @param reached - called once there are so many */
  onOperations(limit: number, reached: () => void): void {
    this.limit = limit;
    this.reached = reached;
  }

  nextTokenId(): number {
    return ++this.tokenIds;
  }

  async perform(
    { user, ...invocation }: Invocation,
    act: (begun: Begun) => Promise<Completion>,
  ): Promise<Operation> {
    const databaseBefore = this.database.time;
    const begun = { id: ++this.ids, invokedAt: monotonicMs() };
    const completion = await act(begun);
    const operation: Operation = {
      ...invocation,
      ...begun,
      completedAt: monotonicMs(),
      databaseBefore,
      ...completion,
      ...(user && { subject: user.id }),
    };
    this.count(operation);
    if (user === undefined) this.everyone.push(operation);
    else user.record(operation);
    return operation;
  }

  private count(operation: Operation): void {
    const { kind, outcome } = operation;
    this.operations += 1;
    if (this.operations === this.limit) this.reached();
    const invalidates = cutoffOf(operation) !== undefined || kind === 'everyone';
    if (invalidates && outcome === 'done') this.invalidations += 1;
    const name = `${kind} ${outcome}`;
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }
}

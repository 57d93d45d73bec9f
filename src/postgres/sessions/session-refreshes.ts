import type {
  PresentedRefresh,
  RefreshRecord,
  RefreshVisit,
  Sight,
} from '../../state/session.store.js';
import { fullTransactionId } from '../change-row.js';
import { isFaultOfStatement } from '../pg-error.js';
import { positionOf, type StateRow } from '../state-row.js';
import { markSeenValues } from './generation-statements.js';
import { lookTogetherValues } from './look-statements.js';
import { RefreshRecords } from './refresh-records.js';
import { rotateValues, type Rotation } from './rotate-statements.js';
import { hex, presentedValues } from './secret-hash.js';
import type { SessionStoreParts } from './session-store-parts.js';
import { SharedWork } from './shared-work.js';

/** Refreshes, and what is noted of generations. Rotations and looks of a moment share a statement, except in a transaction. */
export class SessionRefreshes<User, Transaction> {
  private readonly records: RefreshRecords<User>;
  private readonly rotations = new SharedWork((asked: readonly Rotation[]) =>
    this.rotateTogether(asked),
  );
  private readonly looks = new SharedWork((asked: readonly PresentedRefresh[]) =>
    this.lookTogether(asked),
  );

  constructor(private readonly parts: SessionStoreParts<User, Transaction>) {
    this.records = new RefreshRecords(parts);
  }

  async rotate(
    presented: PresentedRefresh,
    visit: RefreshVisit,
    transaction: Transaction | undefined,
  ): Promise<RefreshRecord<User> | undefined> {
    const rotation = { presented, visit };
    if (transaction !== undefined) return this.rotateWithin(transaction, rotation);
    const shared = await this.rotations.add(rotation);
    return shared === 'alone' ? this.rotateAlone(rotation) : shared;
  }

  async look(
    presented: PresentedRefresh,
    transaction: Transaction | undefined,
  ): Promise<RefreshRecord<User> | undefined> {
    if (transaction === undefined) return this.looks.add(presented);
    const { sessions } = await this.parts.database();
    const values = [presented.sessionId, hex(presented.secretHash)];
    const rows = await this.parts.writer.rows({ text: sessions.look, values }, transaction);
    return this.records.decode(firstOf(rows));
  }

  async adopt(presented: PresentedRefresh, transaction: Transaction | undefined): Promise<boolean> {
    const { sessions } = await this.parts.database();
    const values = presentedValues(presented);
    const rows = await this.parts.writer.rows({ text: sessions.adopt, values }, transaction);
    return rows.length > 0;
  }

  async repeat(presented: PresentedRefresh, transaction: Transaction | undefined): Promise<void> {
    const { sessions } = await this.parts.database();
    const values = presentedValues(presented);
    await this.parts.writer.rows({ text: sessions.repeat, values }, transaction);
  }

  async markSeen(sights: readonly Sight[], transaction: Transaction | undefined): Promise<number> {
    if (sights.length === 0) return 0;
    const { sessions } = await this.parts.database();
    const values = markSeenValues(sights);
    const [row] = await this.parts.writer.rows({ text: sessions.markSeen, values }, transaction);
    return Number(row![0]);
  }

  private async rotateAlone(rotation: Rotation): Promise<RefreshRecord<User> | undefined> {
    const { sessions } = await this.parts.database();
    const statement = { ...sessions.rotate, values: rotateValues(rotation) };
    return this.records.decode(firstOf(await this.parts.writer.run(statement)));
  }

  private async rotateWithin(
    transaction: Transaction,
    rotation: Rotation,
  ): Promise<RefreshRecord<User> | undefined> {
    const { writer } = this.parts;
    const { sessions } = await this.parts.database();
    const statement = { text: sessions.rotateWithin, values: rotateValues(rotation) };
    const row = firstOf(await writer.rows(statement, transaction));
    const record = await this.records.decode(row);
    if (row === undefined || record === undefined) return undefined;
    const written = row.slice(-2) as [writer: string, transaction: string];
    return Object.assign(record, writer.pendingIn(transaction, fullTransactionId(...written)));
  }

  /** For each a record, or `undefined` where it was not due; `alone`: this statement cannot say. */
  private async rotateTogether(
    asked: readonly Rotation[],
  ): Promise<Promise<RefreshRecord<User> | undefined | 'alone'>[]> {
    if (asked.length === 1) return [Promise.resolve(await this.rotateAlone(asked[0]!))];
    const { sessions } = await this.parts.database();
    const values = inColumns(asked.map(rotateValues));
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
    return asked.map((_, index) => this.records.decode(found.get(index)));
  }

  private async lookTogether(
    asked: readonly PresentedRefresh[],
  ): Promise<Promise<RefreshRecord<User> | undefined>[]> {
    const { sessions } = await this.parts.database();
    const values = lookTogetherValues(asked);
    const rows = await this.parts.reads.read({ ...sessions.lookTogether, values });
    const found = byPosition(rows as unknown as StateRow[]);
    return asked.map((_, index) => this.records.decode(found.get(index)));
  }
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

import { setImmediate } from 'node:timers';

/**
 * Lets the refusals of one turn of the event loop be answered together. Writing responses one at a time is what costs
 * most, so forged tokens would cost more than valid ones: all refusals of a turn await the same promise, and their
 * responses are written back to back.
 */
export class TurnBatch {
  private turn: Promise<void> | undefined;

  /** Resolves at the end of this turn: one promise for all who ask during it. */
  endOfTurn(): Promise<void> {
    // Imported, because fake timers replace the global one: an application's tests would wait for ever.
    this.turn ??= new Promise((resolve) =>
      setImmediate(() => {
        this.turn = undefined;
        resolve();
      }),
    );
    return this.turn;
  }
}

// Not the global ones, which an application's fake timers replace.
import { clearTimeout, setImmediate, setTimeout } from 'node:timers';

/** How many go into one statement: while the process works on its answers, the database works on the next. */
const MOST = 32;

/** How many statements run at once, apart from late ones: other writes need connections, too. */
const CONCURRENT = 2;

/** After this long without an answer, a statement no longer holds up those that come after it. */
const LATE_MS = 50;

interface Waiting<Item, Answer> {
  readonly item: Item;
  readonly resolve: (answer: Answer | Promise<Answer>) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Lets the work that comes in one turn of the event loop, or while other work is under way, share a statement. Another
 * statement begins while some run only if it is for as many as each of them, or they are late.
 */
export class SharedWork<Item, Answer> {
  private waiting: Waiting<Item, Answer>[] = [];
  private readonly running = new Set<{ readonly size: number; isLate: boolean }>();
  private turn: NodeJS.Immediate | undefined;

  /** @param work - an answer for each item, in their order */
  constructor(private readonly work: (items: readonly Item[]) => Promise<Promise<Answer>[]>) {}

  add(item: Item): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, resolve, reject });
      this.turn ??= setImmediate(() => {
        this.turn = undefined;
        this.begin();
      });
    });
  }

  private begin(): void {
    while (this.waiting.length > 0 && this.mayBegin()) void this.run(this.waiting.splice(0, MOST));
  }

  private mayBegin(): boolean {
    const inTime = [...this.running].filter(({ isLate }) => !isLate);
    return inTime.length < CONCURRENT && inTime.every(({ size }) => this.waiting.length >= size);
  }

  private async run(batch: readonly Waiting<Item, Answer>[]): Promise<void> {
    const running = { size: batch.length, isLate: false };
    this.running.add(running);
    const timer = setTimeout(() => {
      running.isLate = true;
      this.begin();
    }, LATE_MS);
    try {
      const answers = await this.work(batch.map(({ item }) => item));
      for (const [index, { resolve }] of batch.entries()) resolve(answers[index]!);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      clearTimeout(timer);
      this.running.delete(running);
      this.begin();
    }
  }
}

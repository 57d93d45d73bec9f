import assert from 'node:assert/strict';
import { everyoneWith, settledEveryone, type TokenStateStoreHarness } from './harness.js';

/**
 * Runs the cases, and says so when something else logs everyone out in the same database, as a second run of the
 * contract does: what the case itself found would be misleading.
 */
export class SoleUse {
  private readonly counted: TokenStateStoreHarness;
  private subject: string | undefined;
  private version = 0;
  /** How often this run may have raised the version of everyone since. */
  private asked = 0;

  constructor(private readonly harness: TokenStateStoreHarness) {
    const count = (): void => void (this.asked += 1);
    this.counted = observed(harness, {
      store: (store) => observed(store as object, { invalidateEveryone: count }),
      writeEveryoneCutoff: count,
    });
  }

  async run(check: (harness: TokenStateStoreHarness) => Promise<void>): Promise<void> {
    if (this.subject === undefined) {
      const subject = await this.harness.createUser('hash');
      this.version = (await settledEveryone(this.harness, subject)).version;
      this.subject = subject;
    }
    try {
      await check(this.counted);
    } catch (error) {
      // A store that cannot be read says so itself.
      const problem = await this.problem().catch(() => undefined);
      if (problem === undefined) throw error;
      throw new Error(`${(error as Error).message}\n${problem}`, { cause: error });
    }
    const problem = await this.problem();
    if (problem !== undefined) assert.fail(problem);
  }

  private async problem(): Promise<string | undefined> {
    const { version } = await everyoneWith(this.harness, this.subject!);
    const { asked } = this;
    const risen = version - this.version;
    this.version = version;
    this.asked = 0;
    if (!(risen > asked)) return undefined;
    return (
      `The version of everyone rose by ${risen}, and this run asked for ${asked} at most. If the store is right, ` +
      `something else uses its database at the same time: two runs of the contract need two databases.`
    );
  }
}

/** The same object. When one of the methods named in `seen` is called, its result goes through that first. */
function observed<Target extends object>(
  target: Target,
  seen: Readonly<Record<string, (result: unknown) => unknown>>,
): Target {
  return new Proxy(target, {
    get: (_, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...values: unknown[]): unknown => {
        const result: unknown = Reflect.apply(value, target, values);
        return seen[String(name)]?.(result) ?? result;
      };
    },
  });
}

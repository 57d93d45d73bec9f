import { createHistogram } from 'node:perf_hooks';
import type { LoadReport } from '../load/messages.js';
import type { RunDirectly } from './messages.js';

/** Refreshes sessions from within the server's process, so that HTTP takes no part in what is measured. */
export class DirectLoad {
  private place = 0;

  /** @param tokens - of each session the one that comes next */
  constructor(
    private readonly tokens: string[],
    private readonly refresh: (token: string) => Promise<string>,
  ) {}

  async run({ callers, seconds }: RunDirectly): Promise<LoadReport> {
    const microseconds = createHistogram({ lowest: 1, highest: 60_000_000, figures: 3 });
    let requests = 0;
    const started = performance.now();
    const stopAt = started + seconds * 1000;
    const call = async () => {
      for (let now = performance.now(); now < stopAt;) {
        await this.refreshNext();
        const ended = performance.now();
        microseconds.record(Math.max(1, Math.round((ended - now) * 1000)));
        requests += 1;
        now = ended;
      }
    };
    await Promise.all(Array.from({ length: callers }, call));
    return {
      requests,
      seconds: (performance.now() - started) / 1000,
      p50Milliseconds: microseconds.percentile(50) / 1000,
      p99Milliseconds: microseconds.percentile(99) / 1000,
      // It is the server's.
      coreShare: 0,
    };
  }

  private async refreshNext(): Promise<void> {
    const { tokens } = this;
    this.place = (this.place + 1) % tokens.length;
    const { place } = this;
    tokens[place] = await this.refresh(tokens[place]!);
  }
}

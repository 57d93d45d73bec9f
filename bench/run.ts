import type { BenchDatabases } from './database.js';
import type { LoadProcess } from './measure.js';
import type { Options } from './options.js';
import type { Point, Results, Series } from './results.js';
import { joinRounds, runSeries } from './run-series.js';
import { type Place, planSeries, roundsOfProcesses, USERS } from './series.js';
import { ServerProcess } from './server/server-process.js';
import { Servers } from './servers.js';
import { runSoak } from './soak.js';
import { library } from './variants/library.variant.js';

/** What the options ask for. */
export class Run {
  constructor(
    private readonly options: Options,
    private readonly databases: BenchDatabases,
    private readonly load: LoadProcess,
  ) {}

  /** One platform after the other, so that the servers of one only wait for each other. */
  async series(take: (points: readonly Point[]) => void): Promise<void> {
    if (this.options.series.length === 0) return;
    for (const platform of this.options.platforms) {
      const kept = this.servers();
      try {
        for (const series of this.options.series) {
          const parts: (readonly Point[])[] = [];
          for (const [index, rounds] of roundsOfProcesses(series, this.options).entries()) {
            const place = {
              platform,
              load: this.load,
              servers: index === 0 ? kept : this.servers(),
            };
            parts.push(await this.part({ series, rounds }, place));
            if (place.servers !== kept) await place.servers.stop();
          }
          take(joinRounds(parts));
        }
      } finally {
        await kept.stop();
      }
    }
  }

  private async part(
    { series, rounds }: { series: Series; rounds: number },
    place: Place,
  ): Promise<Point[]> {
    const plan = await planSeries(series, place, { ...this.options, rounds });
    return runSeries(plan, this.load);
  }

  private servers(): Servers {
    return new Servers(this.databases, this.load, this.options);
  }

  async soak(requests: number): Promise<NonNullable<Results['soak']>> {
    const platform = this.options.platforms.at(-1)!;
    const database = await this.databases.with({ users: USERS });
    const server = await ServerProcess.start({
      variant: library,
      platform,
      database,
      execArgv: ['--expose-gc'],
    });
    try {
      return await runSoak(server, this.load, requests);
    } finally {
      await server.stop();
    }
  }
}

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
          take(joinRounds(await this.parts(series, { platform, servers: kept, load: this.load })));
        }
      } finally {
        await kept.stop();
      }
    }
  }

  /** What each process of the servers took. The first is kept for the next series. */
  private async parts(series: Series, kept: Place): Promise<Point[][]> {
    const parts: Point[][] = [];
    for (const rounds of roundsOfProcesses(series, this.options)) {
      const servers = parts.length === 0 ? kept.servers : this.servers();
      try {
        const plan = await planSeries(series, { ...kept, servers }, { ...this.options, rounds });
        parts.push(await runSeries(plan, this.load));
      } finally {
        if (servers !== kept.servers) await servers.stop();
      }
    }
    return parts;
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

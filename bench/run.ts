import type { BenchDatabases } from './database.js';
import type { LoadProcess } from './measure.js';
import type { Options } from './options.js';
import type { Point, Results, Series } from './results.js';
import { joinRounds, runSeries, WARM_UP_SECONDS } from './run-series.js';
import { isClose, type Place, planSeries, USERS } from './series.js';
import { ServerProcess } from './server/server-process.js';
import { type ServerOptions, Servers } from './servers.js';
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
          take(await this.points(series, { platform, servers: kept, load: this.load }));
        }
      } finally {
        await kept.stop();
      }
    }
  }

  private points(series: Series, place: Place): Promise<Point[]> {
    return isClose(series, this.options) ? this.apart(series, place) : this.together(series, place);
  }

  /** All rounds with the same servers. */
  private async together(series: Series, place: Place): Promise<Point[]> {
    const plan = await planSeries(series, place, this.options);
    const rounds = { rounds: this.rounds(), warmUpSeconds: WARM_UP_SECONDS };
    return runSeries({ ...plan, ...rounds }, this.load);
  }

  /**
   * Each round with new servers, which are warmed up right before they are measured: a server that has waited needs more
   * CPU for its first requests.
   */
  private async apart(series: Series, place: Place): Promise<Point[]> {
    const { warmUpSeconds } = this.options;
    const parts: Point[][] = [];
    for (const round of this.rounds()) {
      const servers = this.servers({ warmUpSeconds: 0 });
      try {
        const plan = await planSeries(series, { ...place, servers }, this.options);
        parts.push(await runSeries({ ...plan, rounds: [round], warmUpSeconds }, this.load));
      } finally {
        await servers.stop();
      }
    }
    return joinRounds(parts);
  }

  private rounds(): number[] {
    return Array.from({ length: this.options.rounds }, (_, round) => round);
  }

  private servers(changed: Partial<ServerOptions> = {}): Servers {
    return new Servers(this.databases, this.load, { ...this.options, ...changed });
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

import { checkAnswers } from './check-answers.js';
import type { BenchDatabases } from './database.js';
import { type LoadProcess } from './measure.js';
import { progress } from './progress.js';
import { usualLoad } from './run-series.js';
import { ServerProcess } from './server/server-process.js';
import type { Platform, Variant } from './variants/variant.js';

export interface ServerOptions {
  /** What a new server does before anything is measured: its code is compiled while it runs. */
  readonly warmUpSeconds: number;
  /** Folder for CPU profiles of the library. */
  readonly profile: string | undefined;
}

/** The servers of a run: each is started once and checked, and kept, because a new process is slow at first. */
export class Servers {
  private readonly running = new Map<string, ServerProcess>();

  constructor(
    private readonly databases: BenchDatabases,
    private readonly load: LoadProcess,
    private readonly options: ServerOptions,
  ) {}

  async get(variant: Variant, platform: Platform, users: number): Promise<ServerProcess> {
    const key = `${variant.name} ${platform} ${users}`;
    const known = this.running.get(key);
    if (known) return known;
    progress(`starting ${variant.name} on ${platform}, ${users} users`);
    const database = await this.databases.withUsers(users);
    const server = await ServerProcess.start({
      variant,
      platform,
      database,
      execArgv: this.arguments(variant),
    });
    this.running.set(key, server);
    await checkAnswers(server);
    const shape = usualLoad(database, 64);
    await this.load.open(server, shape, this.options.warmUpSeconds);
    return server;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.running.values()].map((server) => server.stop()));
    this.running.clear();
  }

  private arguments(variant: Variant): string[] {
    const { profile } = this.options;
    if (profile === undefined || variant.name !== 'library') return [];
    return ['--cpu-prof', `--cpu-prof-dir=${profile}`];
  }
}

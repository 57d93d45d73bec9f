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
  /** Whether V8 may allocate new objects in the old generation, as Node lets it. */
  readonly pretenuring: boolean;
  /** Folder for a CPU profile of each server. */
  readonly profile: string | undefined;
}

/**
 * V8 may decide, once in the life of a process, that the objects which one place in the code allocates live long. From
 * then on it allocates them in the old generation, where even garbage keeps alive what it refers to until the next full
 * collection. Two processes of one build may differ in that, and it says nothing about the variant.
 */
const NO_PRETENURING = '--no-allocation-site-pretenuring';

export interface WantedServer {
  readonly variant: Variant;
  readonly platform: Platform;
  readonly users: number;
  /** Rows of the sessions' table, where the variant has one. Default: as many as the variant says. */
  readonly sessionRows?: number;
}

/** Servers that are running: each is started once and checked, and kept, because a new process is slow at first. */
export class Servers {
  private readonly running = new Map<string, ServerProcess>();

  constructor(
    private readonly databases: BenchDatabases,
    private readonly load: LoadProcess,
    private readonly options: ServerOptions,
  ) {}

  /** In the order in which they are wanted. What does not run yet is started together, and warmed up in turn. */
  async get(wanted: readonly WantedServer[]): Promise<ServerProcess[]> {
    const missing = wanted.filter((server) => !this.running.has(keyOf(server)));
    await Promise.all(missing.map((server) => this.start(server)));
    const servers = (some: readonly WantedServer[]) =>
      some.map((server) => this.running.get(keyOf(server))!);
    for (const server of servers(missing)) {
      const shape = usualLoad(server.database, 64);
      await this.load.open({ server, shape }, this.options.warmUpSeconds);
    }
    return servers(wanted);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.running.values()].map((server) => server.stop()));
    this.running.clear();
  }

  private async start(wanted: WantedServer): Promise<void> {
    const { variant, platform, users, sessionRows = variant.sessions?.rows } = wanted;
    progress(`starting ${variant.name} on ${platform}, ${users} users`);
    const schema = variant.code?.schema ?? variant.sessions?.schema;
    const database = await this.databases.with({ users, schema, sessionRows });
    const server = await ServerProcess.start({
      variant,
      platform,
      database,
      execArgv: this.arguments(wanted),
    });
    this.running.set(keyOf(wanted), server);
    await checkAnswers(server);
  }

  private arguments(wanted: WantedServer): string[] {
    const { pretenuring, profile } = this.options;
    const memory = pretenuring ? [] : [NO_PRETENURING];
    if (profile === undefined) return memory;
    const name = `${keyOf(wanted).replaceAll(' ', '-')}.cpuprofile`;
    return [...memory, '--cpu-prof', `--cpu-prof-dir=${profile}`, `--cpu-prof-name=${name}`];
  }
}

function keyOf({ variant, platform, users, sessionRows }: WantedServer): string {
  return [variant.name, platform, users, ...(sessionRows ? [sessionRows] : [])].join(' ');
}

import { join } from 'node:path';
import type { UsersDatabase } from '../database.js';
import { Child } from '../child.js';
import type { LoadReport } from '../load/messages.js';
import type { Platform, RefreshRoute, Variant, WantedSessions } from '../variants/variant.js';
import type { RunDirectly, ServerStarted, StartServer, StartSessions, Usage } from './messages.js';

export interface ServerSettings {
  readonly variant: Variant;
  readonly platform: Platform;
  readonly database: UsersDatabase;
  /** Options of Node. */
  readonly execArgv: readonly string[];
}

const SERVER = join(import.meta.dirname, 'main.js');

/** A variant that is running in a separate process. */
export class ServerProcess {
  readonly variant: Variant;
  readonly platform: Platform;
  readonly database: UsersDatabase;

  private constructor(
    { variant, platform, database }: ServerSettings,
    readonly started: ServerStarted,
    private readonly child: Child,
  ) {
    this.variant = variant;
    this.platform = platform;
    this.database = database;
  }

  static async start(settings: ServerSettings): Promise<ServerProcess> {
    const { variant, platform, database, execArgv } = settings;
    const code = variant.code ?? { server: SERVER, variant: variant.name };
    const child = new Child(`${variant.name} on ${platform}`, code.server, execArgv);
    const { url, userIds, revokedUserId } = database;
    const started = await child.ask<ServerStarted>({
      variant: code.variant,
      context: { platform, databaseUrl: url, userIds, revokedUserId },
    } satisfies StartServer);
    return new ServerProcess(settings, started, child);
  }

  get name(): string {
    return `${this.variant.name} on ${this.platform}`;
  }

  /** What a caller must get. */
  expectedBody(callerIndex: number): string {
    const open = this.variant.forgedStatus === 200;
    return JSON.stringify({ id: open ? 'anyone' : this.database.userIds[callerIndex] });
  }

  usage(): Promise<Usage> {
    return this.child.ask('usage');
  }

  usageAfterGc(): Promise<Usage> {
    return this.child.ask('usage-after-gc');
  }

  startSessions(sessions: WantedSessions): Promise<RefreshRoute> {
    return this.child.ask<RefreshRoute>({ sessions } satisfies StartSessions);
  }

  /** The sessions that were started last. Only of variants that have `refresh`. */
  refreshDirectly(order: RunDirectly): Promise<LoadReport> {
    return this.child.ask<LoadReport>(order);
  }

  stop(): Promise<void> {
    return this.child.stop('stop');
  }
}

import type { UsersDatabase } from '../database.js';
import { Child } from '../child.js';
import type { Platform, Variant } from '../variants/variant.js';
import type { ServerStarted, StartServer, Usage } from './messages.js';

/** A variant that is running in a process of its own. */
export class ServerProcess {
  private constructor(
    readonly variant: Variant,
    readonly platform: Platform,
    readonly database: UsersDatabase,
    readonly started: ServerStarted,
    private readonly child: Child,
  ) {}

  static async start(
    variant: Variant,
    platform: Platform,
    database: UsersDatabase,
    execArgv: readonly string[] = [],
  ): Promise<ServerProcess> {
    const child = new Child(`${variant.name} on ${platform}`, 'server/main.js', execArgv);
    const { url, userIds, revokedUserId } = database;
    const started = await child.ask<ServerStarted>({
      variant: variant.name,
      context: { platform, databaseUrl: url, userIds, revokedUserId },
    } satisfies StartServer);
    return new ServerProcess(variant, platform, database, started, child);
  }

  get name(): string {
    return `${this.variant.name} on ${this.platform}`;
  }

  /** What a caller must be told. */
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

  stop(): Promise<void> {
    return this.child.stop('stop');
  }
}

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { ended, hasEnded } from '../../tools/embedded-postgres/commands.js';
import { onProcessEnd } from '../../tools/embedded-postgres/process-end.js';
import { accepts } from '../support/faults/accepts.js';
import { freePort } from '../support/free-port.js';
import { until } from '../support/until.js';

/** A server that Debian packages, in a process for these tests. */
export class LocalServer {
  /** Also where the run is ended before its tests are. */
  private readonly release = onProcessEnd(() => void this.child.kill('SIGKILL'));

  private constructor(
    private readonly child: ChildProcess,
    readonly port: number,
  ) {}

  /** `undefined` where it is not installed, which CI does not accept. */
  static async start(
    command: 'nats-server' | 'redis-server',
    args: (port: number) => string[],
  ): Promise<LocalServer | undefined> {
    if (spawnSync(command, ['--version']).error !== undefined) {
      if (process.env['CI'] === undefined) return undefined;
      throw new Error(`${command} is not installed`);
    }
    for (let attempt = 0; attempt < 20; attempt++) {
      const port = await freePort();
      const server = new LocalServer(spawn(command, args(port), { stdio: 'ignore' }), port);
      if (await server.hasThePort()) return server;
    }
    throw new Error(`None of 20 ports was free for ${command}.`);
  }

  async stop(): Promise<void> {
    this.child.kill();
    await ended(this.child);
    this.release();
  }

  /** Resolves once it listens: `false` where another program does. */
  private async hasThePort(): Promise<boolean> {
    await until(`${this.child.spawnfile} listens`, async () => {
      return hasEnded(this.child) || (await accepts(this.port));
    });
    return !hasEnded(this.child);
  }
}

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { hasEnded } from '../../tools/embedded-postgres/commands.js';
import { randomPort } from '../../tools/embedded-postgres/ports.js';
import { accepts } from '../support/faults/accepts.js';
import { until } from '../support/until.js';

/** A server that Debian packages, in a process for these tests. */
export class LocalServer {
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
      const port = randomPort();
      const server = new LocalServer(spawn(command, args(port), { stdio: 'ignore' }), port);
      if (await server.hasThePort()) return server;
    }
    throw new Error(`None of 20 ports was free for ${command}.`);
  }

  async stop(): Promise<void> {
    const exited = once(this.child, 'exit');
    this.child.kill();
    await exited;
  }

  /** Resolves once it listens: `false` where another program does. */
  private async hasThePort(): Promise<boolean> {
    await until(`${this.child.spawnfile} listens`, async () => {
      return hasEnded(this.child) || (await accepts(this.port));
    });
    return !hasEnded(this.child);
  }
}

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

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
    const port = await freePort();
    const server = new LocalServer(spawn(command, args(port), { stdio: 'ignore' }), port);
    await server.accepts();
    return server;
  }

  async stop(): Promise<void> {
    const exited = once(this.child, 'exit');
    this.child.kill();
    await exited;
  }

  private async accepts(): Promise<void> {
    for (let attempts = 0; attempts < 100; attempts += 1) {
      const socket = connect(this.port, '127.0.0.1');
      const connected = await new Promise<boolean>((resolve) => {
        socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      });
      socket.destroy();
      if (connected) return;
      await delay(50);
    }
    throw new Error(`${this.child.spawnfile} does not listen`);
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

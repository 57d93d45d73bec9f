import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { ServiceUnavailableException } from '@nestjs/common';
import type { AppSettings } from '../app.module.js';

const MAIN = fileURLToPath(new URL('second-node.main.js', import.meta.url));

/** The same application in a second process: the database and the signing key are all that the two share. */
export class SecondNode {
  private child: ChildProcess | undefined;
  private starting: Promise<string> | undefined;
  private address: string | undefined;

  constructor(private readonly settings: AppSettings) {}

  /** Where it listens; `undefined` while it does not run. */
  get url(): string | undefined {
    return this.address;
  }

  /** Starts the process unless it runs. */
  async start(): Promise<void> {
    this.starting ??= this.launch();
    try {
      this.address = await this.starting;
    } catch (error) {
      this.starting = undefined;
      throw error;
    }
  }

  async stop(): Promise<void> {
    const { child } = this;
    if (!child?.connected) return;
    const exited = once(child, 'exit');
    child.disconnect();
    await exited;
  }

  private async launch(): Promise<string> {
    const child = fork(MAIN);
    this.child = child;
    const exited = once(child, 'exit');
    child.once('exit', () => {
      this.starting = undefined;
      this.address = undefined;
    });
    // A message and not an argument or a variable of the environment, where others could read the key.
    child.send(this.settings);
    const [first] = (await Promise.race([once(child, 'message'), exited])) as unknown[];
    if (typeof first === 'string') return first;
    throw new ServiceUnavailableException('The second process did not start: is the database up?');
  }
}

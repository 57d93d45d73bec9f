import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { NodeSettings } from './node-settings.js';

/** A server process, in one of its lives. */
interface Life {
  readonly url: string;
  readonly applicationName: string;
}

/** An application in a separate process, which can be killed and started again. */
export class ServerProcess {
  private child?: ChildProcess;
  /** How often it ended by itself. */
  crashes = 0;
  private restarting?: Promise<void>;
  private lives = 0;
  private current: Life | undefined;

  constructor(
    readonly index: number,
    private readonly script: string,
    private readonly settings: Omit<NodeSettings, 'applicationName'>,
  ) {}

  /** Absent while it is down. */
  get life(): Life | undefined {
    return this.current;
  }

  get clockOffsetSeconds(): number {
    return this.settings.clockOffsetSeconds;
  }

  get legacy(): boolean {
    return this.settings.legacy;
  }

  async start(): Promise<void> {
    this.lives += 1;
    const applicationName = `histories-node-${this.index}-${this.lives}`;
    const settings: NodeSettings = { ...this.settings, applicationName };
    const child = fork(this.script, {
      env: { ...process.env, NODE_SETTINGS: JSON.stringify(settings) },
    });
    this.child = child;
    const [first] = (await Promise.race([
      once(child, 'message'),
      once(child, 'exit'),
    ])) as unknown[];
    if (typeof first !== 'string') throw new Error(`A server ended with ${String(first)}`);
    // Killed in the moment in which it was ready.
    if (child.killed) return;
    this.current = { url: first, applicationName };
    child.once('exit', () => this.noteEnd(child));
  }

  /** As a machine that loses its power: nothing is finished, nothing is said. */
  async kill(): Promise<void> {
    this.current = undefined;
    await this.end((child) => child.kill('SIGKILL'));
  }

  async stop(): Promise<void> {
    await this.restarting;
    // One that is still starting does not listen yet.
    if (this.current === undefined) return this.kill();
    this.current = undefined;
    await this.end((child) => child.disconnect());
  }

  /** A server that nobody ended. Nothing that a client or a cut connection does may bring that about. */
  private noteEnd(child: ChildProcess): void {
    if (this.current === undefined || this.child !== child) return;
    this.current = undefined;
    this.crashes += 1;
    this.restarting = this.start();
  }

  private async end(how: (child: ChildProcess) => void): Promise<void> {
    const { child } = this;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    how(child);
    await exited;
  }
}

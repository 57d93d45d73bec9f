import type { ChildProcess } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Binaries } from './binaries.js';
import { giveTo, userName, type ClusterHome } from './cluster-home.js';
import { ended, hasEnded, kill, launch, logTail, runNow } from './commands.js';
import { initdbArguments, serverArguments } from './server-settings.js';

const READY_WITHIN_MS = 60_000;

/** The programs of PostgreSQL at work in one home, of which one runs at a time. */
export class Server {
  /** initdb or the server: what has to be ended if this process ends now. */
  #child: ChildProcess | undefined;

  constructor(
    private readonly home: ClusterHome,
    private readonly binaries: Binaries,
  ) {}

  get isRunning(): boolean {
    return this.#child !== undefined && !hasEnded(this.#child);
  }

  async create(password: string): Promise<void> {
    const passwordFile = join(this.home.folder, 'password');
    const program = this.binaries.initdb;
    writeFileSync(passwordFile, password, { mode: 0o600 });
    try {
      if (this.home.user) giveTo(this.home.user, passwordFile);
      const args = initdbArguments(this.home, passwordFile, this.#version());
      this.#child = launch(this.home, { program, args });
      await ended(this.#child);
    } finally {
      rmSync(passwordFile, { force: true });
    }
    if (this.#child.exitCode === 0) return;
    throw new Error(
      `PostgreSQL could not make its data folder in ${dirname(this.home.folder)}. Set TMPDIR to a folder that has space ` +
        `left and that ${userName(this.home)} may enter, or set DATABASE_URL to use a PostgreSQL of your own. ` +
        `initdb said:\n${logTail(this.home, program)}`,
    );
  }

  /** Returns once the server takes connections; `false` when another program has the port. */
  async start(port: number): Promise<boolean> {
    const program = this.binaries.postgres;
    const child = launch(this.home, { program, args: serverArguments(this.home, port) });
    this.#child = child;
    const deadline = Date.now() + READY_WITHIN_MS;
    while (!this.#isReady(child) && !hasEnded(child) && Date.now() < deadline) await delay(10);
    if (this.#isReady(child)) {
      // A caller that forgets to stop the server must not hang at the end.
      child.unref();
      return true;
    }
    const said = logTail(this.home, program);
    if (/could not create any TCP\/IP sockets/.test(said)) return false;
    throw new Error(
      `PostgreSQL did not start; set DATABASE_URL to use one of your own. It said:\n${said}`,
    );
  }

  /** `fast` keeps the data in order, `immediate` is for data that will be thrown away. */
  async end(mode: 'fast' | 'immediate'): Promise<void> {
    if (!this.#child || hasEnded(this.#child)) return;
    const stopping = launch(this.home, this.#stopCommand(mode));
    await ended(stopping);
    if (stopping.exitCode !== 0) kill(this.#child);
    await ended(this.#child);
  }

  /** Ends the server, or initdb, while everything else waits. */
  endNow(): void {
    if (!this.#child || hasEnded(this.#child)) return;
    const { status } = runNow(this.home, this.#stopCommand('immediate'));
    // While initdb runs, there is no server to stop.
    if (status !== 0) kill(this.#child);
  }

  #version(): number {
    const { stdout } = runNow(this.home, { program: this.binaries.initdb, args: ['--version'] });
    return Number(/\d+/.exec(stdout)?.[0]);
  }

  /** Not a signal of our own: on Windows the server could not answer it. */
  #stopCommand(mode: string) {
    const args = ['stop', '-D', this.home.data, '-m', mode, '-w', '-t', '30'];
    return { program: this.binaries.pg_ctl, args };
  }

  /** A line of `postmaster.pid` tells the state of the server; `pg_ctl` waits for it in the same way. */
  #isReady(child: ChildProcess): boolean {
    try {
      const lines = readFileSync(join(this.home.data, 'postmaster.pid'), 'utf8').split('\n');
      return lines[0] === String(child.pid) && lines[7]?.trim() === 'ready';
    } catch {
      return false;
    }
  }
}

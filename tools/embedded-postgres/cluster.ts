import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { Binaries } from './binaries.js';
import { REMOVE, type ClusterHome } from './cluster-home.js';
import { Server } from './server.js';

const PORT_ATTEMPTS = 20;

/** A data folder and the server that runs over it, from the making of the one to its removal. */
export class Cluster {
  readonly #password = randomBytes(24).toString('hex');
  #server: Server | undefined;
  #port = 0;
  #removal: Promise<void> | undefined;
  #lastStep: Promise<unknown> = Promise.resolve();

  constructor(private readonly home: ClusterHome) {}

  /** Makes the data folder, and starts the server on the first chosen port that is free. Returns the url. */
  async start(binaries: Binaries, choosePort: () => number): Promise<string> {
    this.#server = new Server(this.home, binaries);
    await this.#server.create(this.#password);
    for (let attempt = 0; attempt < PORT_ATTEMPTS; attempt++) {
      this.#port = choosePort();
      if (await this.#server.start(this.#port)) {
        return `postgres://postgres:${this.#password}@127.0.0.1:${this.#port}/postgres`;
      }
    }
    throw new Error(
      `None of ${PORT_ATTEMPTS} ports was free for PostgreSQL on 127.0.0.1; the last one was ${this.#port}. ` +
        'End what holds them, or set DATABASE_URL to use a PostgreSQL of your own.',
    );
  }

  takeDown(): Promise<void> {
    return this.#inTurn(async () => this.#server?.end('fast'));
  }

  bringBack(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#removal || !this.#server) {
        throw new Error('This PostgreSQL was stopped and its data removed: start a new one.');
      }
      if (this.#server.isRunning || (await this.#server.start(this.#port))) return;
      throw new Error(
        `While PostgreSQL was down, another program took its port ${this.#port}: end that program, or start a new server.`,
      );
    });
  }

  remove(): Promise<void> {
    this.#removal ??= this.#inTurn(async () => {
      await this.#server?.end('immediate');
      await rm(this.home.folder, REMOVE);
    });
    return this.#removal;
  }

  /** The same while the process is ending and can not wait for anything. */
  removeNow(): void {
    this.#server?.endNow();
    try {
      rmSync(this.home.folder, REMOVE);
    } catch {
      // Left to the sweep of the next start: it must not become the way in which the process fails.
    }
  }

  /** One step after the other, so that a server is never started and stopped at once. */
  #inTurn(step: () => Promise<void>): Promise<void> {
    const result = this.#lastStep.then(step);
    this.#lastStep = result.catch(() => undefined);
    return result;
  }
}

import { type ChildProcess, fork } from 'node:child_process';

/** A process of the bench. Questions are asked one after the other, and each has one answer. */
export class Child {
  private readonly process: ChildProcess;
  private failure: Error | undefined;
  private fail: (error: Error) => void = () => undefined;

  constructor(
    private readonly name: string,
    script: string,
    execArgv: readonly string[] = [],
  ) {
    this.process = fork(script, {
      execArgv: [...execArgv],
      env: { ...process.env, NODE_ENV: 'production' },
      // What a library prints is no result.
      stdio: ['ignore', 2, 2, 'ipc'],
    });
    this.process.once('exit', (code, signal) => {
      this.failure = new Error(`${this.name}: the process ended (${signal ?? code}).`);
      this.fail(this.failure);
    });
  }

  ask<Answer>(question: object | string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.failure) {
        reject(this.failure);
        return;
      }
      this.fail = reject;
      this.process.once('message', (answer) => resolve(answer as Answer));
      this.process.send(question);
    });
  }

  /** Resolves when the process has ended. */
  async stop(question?: string): Promise<void> {
    if (this.failure) return;
    const ended = new Promise((resolve) => {
      this.process.once('exit', resolve);
    });
    if (question === undefined) this.process.disconnect();
    else this.process.send(question);
    await ended;
  }
}

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect } from 'vitest';
import { until } from '../../../test/support/until.js';
import { commandLine } from '../processes.js';
import { linkedProject, unpackedProject } from './starter.js';

export interface LaunchOptions {
  /** Default: a new project that is linked to the dependencies of this one. */
  project?: string;
  env?: Record<string, string>;
}

/** What starts a server and stays until somebody ends it. */
export const WAITING = 'say((await startPostgres()).url); setInterval(() => {}, 1e6);';

/** A folder that holds all that a test writes: its projects, and the temporary folder of their processes. */
export class Workshop {
  // Real paths, for macOS reaches its temporary folder through a link.
  readonly #room = realpathSync(mkdtempSync(join(tmpdir(), 'embedded-postgres-spec-')));
  readonly #children: ChildProcess[] = [];
  readonly temporary = join(this.#room, 'tmp');

  constructor() {
    mkdirSync(this.temporary);
    chmodSync(this.#room, 0o755);
  }

  linkedProject(): string {
    return linkedProject(this.#room);
  }

  unpackedProject(): { project: string; native: string } {
    return unpackedProject(this.#room);
  }

  /** Starts a process that runs the lines given, with `startPostgres` and `say` at hand. */
  launch(lines: string, { project = this.linkedProject(), env }: LaunchOptions = {}): ChildProcess {
    const script = join(project, `script-${this.#children.length}.js`);
    writeFileSync(
      script,
      `import { startPostgres } from './embedded-postgres.js';
       const say = (value) => process.stdout.write(JSON.stringify(value) + '\\n');
       ${lines}`,
    );
    const child = spawn(process.execPath, [script], {
      cwd: project,
      env: { ...process.env, TMPDIR: this.temporary, TEMP: this.temporary, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#children.push(child);
    return child;
  }

  /** Runs the lines given to their end. */
  async run(lines: string, options?: LaunchOptions) {
    const child = this.launch(lines, options);
    let said = '';
    let complaints = '';
    child.stdout!.on('data', (chunk) => (said += String(chunk)));
    child.stderr!.on('data', (chunk) => (complaints += String(chunk)));
    const [code, signal] = await once(child, 'close');
    return { code, signal, said: said.trim(), complaints };
  }

  /** The homes of servers below the temporary folder. */
  homes(): string[] {
    return readdirSync(this.temporary).map((name) => join(this.temporary, name));
  }

  onlyHome(): string {
    const [home, ...others] = this.homes();
    if (home === undefined || others.length > 0)
      throw new Error(`Not one home: ${this.homes().join()}`);
    return home;
  }

  async close(): Promise<void> {
    for (const child of this.#children) await kill(child);
    // What a killed process or a failed test has left.
    if (this.homes().length > 0) await this.run(`await (await import('./sweep.js')).sweep();`);
    rmSync(this.#room, { recursive: true, force: true });
  }
}

/** A new workshop for each test. */
export function useWorkshop(): () => Workshop {
  let workshop: Workshop;
  beforeEach(() => {
    workshop = new Workshop();
  });
  afterEach(() => workshop?.close());
  return () => workshop;
}

/** A server whose process has just ended is still listed until the system has taken note of it. */
export async function expectNothingLeft(workshop: Workshop, pid?: number): Promise<void> {
  expect(workshop.homes()).toEqual([]);
  if (pid !== undefined) await until('the server is gone', () => commandLine(pid) === '');
}

/** What the process says, line by line; fails with its complaints if it ends without another word. */
export function listen(child: ChildProcess): () => Promise<string> {
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  let complaints = '';
  child.stderr!.on('data', (chunk) => (complaints += String(chunk)));
  return async () => {
    const { done, value } = await lines.next();
    if (done) throw new Error(`The process ended without another word.\n${complaints}`);
    return JSON.parse(value);
  };
}

export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const end = once(child, 'exit');
  child.kill('SIGKILL');
  await end;
}

export function serverPid(home: string): number {
  return Number.parseInt(readFileSync(join(home, 'data/postmaster.pid'), 'utf8'), 10);
}

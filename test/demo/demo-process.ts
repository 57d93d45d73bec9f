import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** What `npm start` runs. */
export const MAIN = fileURLToPath(new URL('../../demo/dist/demo/main.js', import.meta.url));
const LINES = /^(URL=|# |curl |[A-Z]+=\$\(curl ).*$/gm;

/** The built demo in a separate process, as `npm start` runs it. */
export class DemoProcess {
  private output = '';

  private constructor(
    private readonly child: ChildProcess,
    private readonly folder: string,
  ) {
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => (this.output += chunk));
    }
  }

  /** Resolves once the demo has said where it listens. */
  static async start(folder: string): Promise<DemoProcess> {
    // On its own server: another one could not be stopped.
    const own = { PORT: '0', TMPDIR: folder, NO_COLOR: '1', DATABASE_URL: '' };
    const env = { ...process.env, ...own };
    // In its own process group, as a terminal would have it.
    const child = spawn(process.execPath, [MAIN], { env, stdio: 'pipe', detached: true });
    const demo = new DemoProcess(child, folder);
    const closed = once(child, 'close').then(() => {
      throw new Error(`The demo did not start:\n${demo.output}`);
    });
    closed.catch(() => {});
    while (!demo.output.includes('Ctrl+C stops the demo')) {
      await Promise.race([once(child.stdout, 'data'), closed]);
    }
    return demo;
  }

  get log(): string {
    return this.output;
  }

  get url(): string {
    return /^URL=(.*)$/m.exec(this.output)![1]!;
  }

  /** The lines that the demo says to paste. */
  get walkthrough(): string[] {
    return this.output.match(LINES) ?? [];
  }

  /** As `kill` ends it. Returns the exit code. */
  terminate(): Promise<number | null> {
    return this.end(() => this.child.kill('SIGTERM'));
  }

  /** As Ctrl+C ends it: the terminal sends the signal to every process of the group. */
  interrupt(): Promise<number | null> {
    return this.end(() => process.kill(-this.child.pid!, 'SIGINT'));
  }

  /** What still runs of it. PostgreSQL has another group, but works in the demo's folder. */
  async processes(): Promise<string[]> {
    const { stdout } = await promisify(execFile)('ps', ['-eww', '-o', 'pgid=,args=']);
    const isOurs = (line: string) =>
      line.includes(this.folder) || Number.parseInt(line, 10) === this.child.pid;
    return stdout.split('\n').filter(isOurs);
  }

  private async end(send: () => void): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const closed = once(this.child, 'close');
      send();
      await closed;
    }
    return this.child.exitCode;
  }
}

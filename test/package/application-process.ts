import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

const ENDS_WITHIN_MS = 60_000;

/** A built application in a separate process. */
export class ApplicationProcess {
  private constructor(
    private readonly child: ChildProcess,
    private readonly url: string,
  ) {}

  /** Resolves once the application listens. */
  static async start(
    main: string,
    databaseUrl: string,
    env: Readonly<Record<string, string>> = {},
  ): Promise<ApplicationProcess> {
    const child = fork(main, { env: { ...process.env, ...env, DATABASE_URL: databaseUrl } });
    const [first] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [
      unknown,
    ];
    if (typeof first !== 'string') throw new Error(`The application ended with ${String(first)}`);
    return new ApplicationProcess(child, first);
  }

  get(path: string, token: string): Promise<Response> {
    return fetch(this.url + path, { headers: { Authorization: `Bearer ${token}` } });
  }

  post(path: string, { token, body = {} }: { token?: string; body?: object }): Promise<Response> {
    return fetch(this.url + path, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: {
        'Content-Type': 'application/json',
        ...(token !== undefined && { Authorization: `Bearer ${token}` }),
      },
    });
  }

  /** Has the application close. Returns the exit code of the process, which nothing but its own end ends. */
  async close(): Promise<number | null> {
    const exited = once(this.child, 'exit', { signal: AbortSignal.timeout(ENDS_WITHIN_MS) });
    this.child.disconnect();
    try {
      const [code] = (await exited) as [number | null];
      return code;
    } catch (cause) {
      throw new Error('Something keeps the process alive after app.close()', { cause });
    } finally {
      this.child.kill('SIGKILL');
    }
  }
}

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Without what Vitest sets for its own tests, and would reach those of the projects; and with plain text. */
const environment = {
  ...Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(VITEST|NODE_ENV$|FORCE_COLOR$)/.test(name)),
  ),
  NO_COLOR: '1',
};

/** Everything that npm prints. Rejects when it ends with an error, with what it printed. */
export async function npm(
  folder: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  try {
    const { stdout, stderr } = await run('npm', args, {
      cwd: folder,
      env: { ...environment, ...env },
    });
    return stdout + stderr;
  } catch (cause) {
    const { message, stdout } = cause as Error & { stdout?: string };
    throw new Error(`${message}\n${stdout ?? ''}`, { cause });
  }
}

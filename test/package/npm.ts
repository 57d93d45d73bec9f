import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Everything that npm prints. Rejects when it ends with an error. */
export async function npm(folder: string, args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await run('npm', args, { cwd: folder });
  return stdout + stderr;
}

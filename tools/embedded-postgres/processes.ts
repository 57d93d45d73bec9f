import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { errorCode } from './error-code.js';

// Stands for a start that this system does not tell: then a process with the same id counts as the same process.
const UNKNOWN_START = '0';

/**
 * When a process started, in a unit of the system's own; `undefined` when it has ended. With the id it makes one
 * process out of all that ever had that id.
 */
export function processStart(pid: number): string | undefined {
  if (process.platform === 'linux') return linuxStart(pid);
  if (!exists(pid)) return undefined;
  if (process.platform === 'win32') return UNKNOWN_START;
  const text = run('ps', ['-o', 'lstart=', '-p', String(pid)]);
  return text ? String(Date.parse(`${text} UTC`) / 1000) : undefined;
}

export function isRunning(owner: { readonly pid: number; readonly start: string }): boolean {
  const start = processStart(owner.pid);
  if (start === undefined) return false;
  return start === owner.start || start === UNKNOWN_START || owner.start === UNKNOWN_START;
}

/** The program and arguments of a process in one line; empty when it has ended. */
export function commandLine(pid: number): string {
  if (process.platform === 'linux') {
    return readProc(pid, 'cmdline')?.replaceAll('\0', ' ') ?? '';
  }
  if (process.platform === 'win32') {
    const query = `(Get-CimInstance Win32_Process -Filter "ProcessId=${pid}").CommandLine`;
    return run('powershell.exe', ['-NoProfile', '-Command', query]);
  }
  return run('ps', ['-ww', '-o', 'command=', '-p', String(pid)]);
}

function linuxStart(pid: number): string | undefined {
  // The second field is the program's name in brackets, and may hold blanks and brackets itself.
  const fields = readProc(pid, 'stat')?.split(') ').at(-1)?.split(' ');
  if (fields?.[0] === 'Z') return undefined;
  return fields?.[19] ?? (exists(pid) ? UNKNOWN_START : undefined);
}

function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return undefined;
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

function run(program: string, args: string[]): string {
  const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' };
  try {
    return execFileSync(program, args, { env, encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    // `ps` ends with 1 when there is no such process.
    return '';
  }
}

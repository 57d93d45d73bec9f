import { readFileSync } from 'node:fs';

/** CPU time that each backend of a database has used, in microseconds, by its process id. */
export type BackendCpu = ReadonlyMap<number, number>;

/** What the kernel says of these backends; `undefined` where it cannot be asked: elsewhere than on Linux, or on this machine. */
export function backendCpu(pids: readonly number[]): BackendCpu | undefined {
  try {
    return new Map(pids.map((pid) => [pid, cpuOf(pid)]));
  } catch {
    return undefined;
  }
}

/** What all of them used in between; those that have begun since then began with nothing. */
export function cpuBetween(
  before: BackendCpu | undefined,
  after: BackendCpu | undefined,
): number | undefined {
  if (before === undefined || after === undefined) return undefined;
  return [...after].reduce((sum, [pid, used]) => sum + used - (before.get(pid) ?? 0), 0);
}

function cpuOf(pid: number): number {
  // The database may run on another machine, or in a container, and the number mean another process here.
  const program = readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  if (program !== 'postgres') throw new Error(`${pid} is ${program}`);
  const [nanoseconds] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ');
  return Number(nanoseconds) / 1000;
}

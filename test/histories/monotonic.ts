/** Milliseconds of a clock that never steps, and is the same one in all processes of a machine. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

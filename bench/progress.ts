/** On stderr, so that the results alone are on stdout. */
export function progress(line: string): void {
  process.stderr.write(`${line}\n`);
}

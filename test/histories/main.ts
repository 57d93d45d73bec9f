import { readCommandLine, USAGE } from './command-line.js';
import { formatReport } from './report.js';
import { type HistoryOptions, runHistory } from './run-history.js';

const FOUND = 1;
const MISUSE = 2;

const options = understood();
if (options !== undefined) {
  const report = await runHistory(options);
  console.log(formatReport(report));
  if (report.violations.length > 0) process.exitCode = FOUND;
}

function understood(): HistoryOptions | undefined {
  try {
    return readCommandLine(process.argv.slice(3));
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    process.exitCode = MISUSE;
    return undefined;
  }
}

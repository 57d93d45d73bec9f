import { type Command, readCommandLine, USAGE } from './command-line.js';
import { formatReport } from './report.js';
import { runHistory } from './run-history.js';
import { runSessionHistory } from './sessions/run-session-history.js';

const FOUND = 1;
const MISUSE = 2;

const command = understood();
if (command !== undefined) {
  const report = await (command.sessions ? runSessionHistory(command) : runHistory(command));
  console.log(formatReport(report));
  if (report.violations.length > 0) process.exitCode = FOUND;
}

function understood(): Command | undefined {
  try {
    return readCommandLine(process.argv.slice(3));
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    process.exitCode = MISUSE;
    return undefined;
  }
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Patch } from './patches.js';

/** What this tool reads of Vitest's report in JSON. */
interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[] | null;
    }[];
  }[];
}

/**
 * An expectation that was not met: not an import, a hook or a time limit, which would say nothing about the promise.
 * An expectation about text that gets a number is a TypeError of Vitest, and a promise that does not reject an Error.
 */
const UNMET = /^(AssertionError|TypeError: \.to\w+\(\) expects|Error: promise resolved)/;

const VITEST = [
  'node_modules/vitest/vitest.mjs',
  'run',
  '--project=e2e',
  '--bail=1',
  '--reporter=json',
];

/** Returns why the spec was not red as it should be; `undefined`: it was. */
export async function problemOfSpec(
  folder: string,
  databaseUrl: string,
  { spec, test }: Patch,
): Promise<string | undefined> {
  const reportFile = join(folder, 'report.json');
  rmSync(reportFile, { force: true });
  const args = [...VITEST, '--outputFile', reportFile, '--testNamePattern', test, spec];
  const child = spawn(process.execPath, args, {
    cwd: folder,
    env: { ...process.env, DATABASE_URL: databaseUrl },
    stdio: 'ignore',
  });
  const [code] = await once(child, 'close');
  if (code === 0) return 'the suite stays green';
  return problemOfReport(JSON.parse(readFileSync(reportFile, 'utf8')) as Report, test);
}

function problemOfReport({ testResults }: Report, test: string): string | undefined {
  const pattern = new RegExp(test);
  const failures = testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status, fullName }) => status === 'failed' && pattern.test(fullName))
    .map(({ failureMessages }) => failureMessages?.[0] ?? '');
  if (failures.length === 0) return 'no test failed, the spec could not run';
  if (failures.some((message) => UNMET.test(message))) return undefined;
  return `red for another reason: ${failures[0]!.split('\n')[0]}`;
}

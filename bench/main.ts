import { BenchDatabases } from './database.js';
import { describeMachine, describeVersions } from './machine.js';
import { LoadProcess } from './measure.js';
import { type Options, readOptions, USAGE } from './options.js';
import { print } from './print.js';
import type { Results } from './results.js';
import { ResultsFile } from './results-file.js';
import { Run } from './run.js';
import { isFlat } from './targets.js';

try {
  await main(readOptions(process.argv.slice(2)));
} catch (error) {
  console.error(error instanceof TypeError ? `${error.message}\n\n${USAGE}` : error);
  process.exit(1);
}

async function main(options: Options): Promise<void> {
  const file = options.json === undefined ? undefined : new ResultsFile(options.json);
  const databases = await BenchDatabases.start();
  const load = new LoadProcess();
  const run = new Run(options, databases, load);
  try {
    let results = await begin(databases);
    const take = (more: Partial<Results>) => {
      results = { ...results, ...more };
      file?.write(results);
    };
    await run.series((points) => take({ points: [...results.points, ...points] }));
    if (options.soakRequests !== undefined) take({ soak: await run.soak(options.soakRequests) });
    print(results);
    if (results.soak && !isFlat(results.soak)) throw new Error('The memory is not flat.');
  } finally {
    await load.stop();
    await databases.remove();
  }
}

async function begin(databases: BenchDatabases): Promise<Results> {
  return {
    startedAt: new Date().toISOString(),
    command: ['npm run bench --', ...process.argv.slice(2)].join(' '),
    machine: describeMachine(),
    versions: describeVersions(await databases.version()),
    points: [],
  };
}

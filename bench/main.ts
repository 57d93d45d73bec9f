import { BenchDatabases } from './database.js';
import { describeMachine, describeVersions } from './machine.js';
import { LoadProcess } from './measure.js';
import { type Options, readOptions, USAGE } from './options.js';
import { print } from './print.js';
import type { Results } from './results.js';
import { ResultsFile } from './results-file.js';
import { runSeries } from './run-series.js';
import { planSeries } from './series.js';
import { Servers } from './servers.js';

try {
  await main(readOptions(process.argv.slice(2)));
} catch (error) {
  console.error(error instanceof TypeError ? `${error.message}\n\n${USAGE}` : error);
  process.exit(1);
}

async function main(options: Options): Promise<void> {
  const databases = await BenchDatabases.start();
  const load = new LoadProcess();
  try {
    const file = options.json === undefined ? undefined : new ResultsFile(options.json);
    let results = await begin(databases);
    for (const platform of options.platforms) {
      const servers = new Servers(databases, load, options);
      try {
        for (const series of options.series) {
          const plan = await planSeries(series, platform, servers, options);
          results = { ...results, points: [...results.points, ...(await runSeries(plan, load))] };
          file?.write(results);
        }
      } finally {
        await servers.stop();
      }
    }
    print(results);
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

import type { LoadProcess } from './measure.js';
import { progress } from './progress.js';
import type { Results, SoakSample } from './results.js';
import { usualLoad } from './run-series.js';
import type { ServerProcess } from './server/server-process.js';

const CONNECTIONS = 64;

const SAMPLE_SECONDS = 5;

/** Many requests to one server, and what its memory does meanwhile. */
export async function runSoak(
  server: ServerProcess,
  load: LoadProcess,
  requests: number,
): Promise<NonNullable<Results['soak']>> {
  progress(`soak: ${requests} requests to ${server.name}`);
  const shape = usualLoad(server.database, CONNECTIONS);
  await load.open({ server, shape }, SAMPLE_SECONDS);
  const start = (await server.usageAfterGc()).heapMegabytes;
  const samples: SoakSample[] = [];
  let [done, seconds] = [0, 0];
  while (done < requests) {
    const report = await load.run(server, SAMPLE_SECONDS);
    done += report.requests;
    seconds += report.seconds;
    const { rssMegabytes, heapMegabytes } = await server.usage();
    samples.push({ seconds, requests: done, rssMegabytes, heapMegabytes });
    progress(
      `  ${seconds.toFixed(0)} s, ${done} requests: RSS ${rssMegabytes.toFixed(1)} MB, heap ${heapMegabytes.toFixed(1)} MB`,
    );
  }
  const end = (await server.usageAfterGc()).heapMegabytes;
  return { requests: done, seconds, samples, heapAfterGcMegabytes: { start, end } };
}

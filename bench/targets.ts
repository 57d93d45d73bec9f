import { compared, type JudgedTarget, judged, Measured, ratioOf } from './judge.js';
import type { Figures, Results } from './results.js';
import { sessionTargets } from './session-targets.js';
import { type Platform, PLATFORMS } from './variants/variant.js';

/** What this library is meant to reach, against what the run has measured; two variants are compared round by round. */
export function judgeTargets(results: Results): JudgedTarget[] {
  const run = new Measured(results);
  return [
    ...throughput(run),
    guardCost(run),
    ...oneConnection(run),
    ...PLATFORMS.map((platform) => tail(run, platform)),
    ...PLATFORMS.map((platform) => flatOverUsers(run, platform)),
    ...PLATFORMS.map((platform) => cheapRefusal(run, platform)),
    ...PLATFORMS.map((platform) => refusalReadsNothing(run, platform)),
    ...sessionTargets(run),
    flatOverTime(results),
  ];
}

type Soak = NonNullable<Results['soak']>;

const THROUGHPUT: readonly [Platform, variant: string, atLeast: number][] = [
  ['express', 'hand-written', 5],
  ['express', 'docs', 3.5],
  ['express', 'open', 0.88],
  ['fastify', 'hand-written', 14],
  ['fastify', 'docs', 9],
];

function throughput(run: Measured): JudgedTarget[] {
  return THROUGHPUT.map(([platform, variant, atLeast]) => {
    const ratio = ratioOf(
      run.main(platform, 'library'),
      run.main(platform, variant),
      'requestsPerSecond',
    );
    const target = `${platform}: throughput at least ${atLeast} times that of ${variant}`;
    return judged(target, ratio, { isMet: (value) => value >= atLeast });
  });
}

const GUARD_MICROSECONDS = 30;

function guardCost(run: Measured): JudgedTarget {
  const open = run.main('fastify', 'open');
  const above = (variant: string) =>
    compared(
      run.main('fastify', variant),
      open,
      (guarded, bare) => guarded.cpuMicroseconds - bare.cpuMicroseconds,
    );
  const docs = above('docs');
  return judged(
    `fastify: CPU above that of the open route at most ${GUARD_MICROSECONDS} us`,
    above('library'),
    {
      isMet: (value) => value <= GUARD_MICROSECONDS,
      show: (value) =>
        `${value.toFixed(1)} us${docs === undefined ? '' : ` (docs: ${docs.toFixed(0)} us)`}`,
    },
  );
}

function oneConnection(run: Measured): JudgedTarget[] {
  return PLATFORMS.flatMap((platform) => {
    const of = (variant: string) => run.point('one-connection', platform, { variant });
    const toThatOf = (variant: string) => ratioOf(of('library'), of(variant), 'p50Milliseconds');
    return [
      judged(
        `${platform}: p50 with one connection at most 1.05 times that of careful`,
        toThatOf('careful'),
        { isMet: (value) => value <= 1.05 },
      ),
      judged(
        `${platform}: p50 with one connection below that of hand-written`,
        toThatOf('hand-written'),
        { isMet: (value) => value < 1 },
      ),
    ];
  });
}

function tail(run: Measured, platform: Platform): JudgedTarget {
  const [own, other] = [run.main(platform, 'library'), run.main(platform, 'docs-keyobject')];
  return judged(
    `${platform}: p99 below that of docs-keyobject`,
    ratioOf(own, other, 'p99Milliseconds'),
    { isMet: (value) => value < 1 },
  );
}

function flatOverUsers(run: Measured, platform: Platform): JudgedTarget {
  const at = (users: number) => run.point('users', platform, { variant: 'library', users });
  return judged(
    `${platform}: throughput with 1 million users within 10 % of that with 10 thousand`,
    ratioOf(at(1_000_000), at(10_000), 'requestsPerSecond'),
    { isMet: (value) => Math.abs(value - 1) <= 0.1 },
  );
}

function cheapRefusal(run: Measured, platform: Platform): JudgedTarget {
  const at = (forgedPercent: number) =>
    run.point('refused', platform, { variant: 'library', forgedPercent });
  const [forged, good] = [at(100), at(0)];
  const whose =
    good?.median.databaseCpuMicroseconds === undefined ? 'the server' : 'server and database';
  return judged(
    `${platform}: a bad signature costs ${whose} less CPU than a good token`,
    compared(forged, good, (one, other) => cpuOfBoth(one) / cpuOfBoth(other)),
    { isMet: (value) => value < 1 },
  );
}

function cpuOfBoth({ cpuMicroseconds, databaseCpuMicroseconds }: Figures): number {
  return cpuMicroseconds + (databaseCpuMicroseconds ?? 0);
}

function refusalReadsNothing(run: Measured, platform: Platform): JudgedTarget {
  const wanted = { variant: 'library', forgedPercent: 100 };
  return judged(
    `${platform}: a bad signature reaches no database`,
    run.point('refused', platform, wanted)?.statementsPerRequest,
    { isMet: (value) => value === 0, show: (value) => `${value} statements per request` },
  );
}

/** How much the soak may grow: noise of the collector and of the allocator, and no leak of a byte per request. */
const GROWTH = { heapMegabytes: 8, rssRatio: 1.1 };

function flatOverTime({ soak }: Results): JudgedTarget {
  const growth = soak && growthOver(soak);
  return {
    target: 'flat memory over the soak',
    measured: growth
      ? `${soak.requests} requests: heap ${signed(growth.heap)} MB after collection, RSS ${growth.rss.toFixed(2)} times`
      : '',
    met: soak && isFlat(soak),
  };
}

export function isFlat(soak: Soak): boolean {
  const { heap, rss } = growthOver(soak);
  return heap <= GROWTH.heapMegabytes && rss <= GROWTH.rssRatio;
}

/** The heap by its size after a collection; RSS, once it has settled, by the peaks of the second and the last quarter. */
function growthOver({ samples, heapAfterGcMegabytes }: Soak): { heap: number; rss: number } {
  const quarter = Math.max(1, Math.floor(samples.length / 4));
  const peakFrom = (start: number) =>
    Math.max(...samples.slice(start, start + quarter).map(({ rssMegabytes }) => rssMegabytes));
  const second = Math.min(quarter, samples.length - 1);
  return {
    heap: heapAfterGcMegabytes.end - heapAfterGcMegabytes.start,
    rss: peakFrom(samples.length - quarter) / peakFrom(second),
  };
}

function signed(value: number): string {
  return `${value < 0 ? '' : '+'}${value.toFixed(1)}`;
}

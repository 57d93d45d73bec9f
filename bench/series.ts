import type { Case, LoadProcess, LoadShape } from './measure.js';
import type { Options } from './options.js';
import { refreshCases, rotationCases } from './refresh-cases.js';
import type { Series } from './results.js';
import { type SeriesPlan, usualLoad } from './run-series.js';
import type { ServerProcess } from './server/server-process.js';
import type { Servers } from './servers.js';
import { careful } from './variants/careful.variant.js';
import { handWritten } from './variants/hand-written.variant.js';
import { REFRESHING, ROTATING } from './variants/index.js';
import { librarySessions } from './variants/library-sessions.variant.js';
import { library } from './variants/library.variant.js';
import type { Platform, Variant } from './variants/variant.js';

export const USERS = 100_000;

const USER_COUNTS = [10_000, USERS, 1_000_000];

const SESSION_ROWS = [10_000, 10_000_000];

const CONCURRENCY = [1, 8, 64, 512];

/** Per cent of all requests. */
const FORGED = [0, 10, 100];

/** Where a series is measured. */
export interface Place {
  readonly platform: Platform;
  readonly servers: Servers;
  readonly load: LoadProcess;
}

type Plan = (place: Place, options: Options) => Promise<SeriesPlan['cases']>;

/** What each series measures on one platform. */
const PLANS: Record<Series, Plan> = {
  async main(place, { variants, earlier, connections }) {
    const offered = [...variants, ...earlier].filter(({ platforms }) =>
      platforms.includes(place.platform),
    );
    return cases(await start(offered, place), ({ database }) => [usualLoad(database, connections)]);
  },

  async 'one-connection'(place, { earlier }) {
    const started = await start([library, ...earlier, careful, handWritten], place);
    return cases(started, ({ database }) => [usualLoad(database, 1)]);
  },

  async users({ platform, servers }, { connections }) {
    const started = await servers.get(
      USER_COUNTS.map((users) => ({ variant: library, platform, users })),
    );
    return cases(started, ({ database }) => [usualLoad(database, connections)]);
  },

  async concurrency(place, { earlier }) {
    const started = await start([library, ...earlier, handWritten], place);
    return cases(started, ({ database }) => CONCURRENCY.map((count) => usualLoad(database, count)));
  },

  async 'one-user'(place, { connections }) {
    const started = await start([library, handWritten], place);
    return cases(started, () => [{ connections, distinctTokens: 1, forgedPercent: 0 }]);
  },

  async refused(place, { earlier, connections }) {
    const started = await start([library, ...earlier], place);
    return cases(started, ({ database }) =>
      FORGED.map((forgedPercent) => usualLoad(database, connections, forgedPercent)),
    );
  },

  async sessions(place, { connections }) {
    const started = await start([library, librarySessions], place);
    return cases(started, ({ database }) => [usualLoad(database, connections)]);
  },

  async 'session-rows'({ platform, servers }, { connections }) {
    const started = await servers.get(
      SESSION_ROWS.map((sessionRows) => ({
        variant: librarySessions,
        platform,
        users: USERS,
        sessionRows,
      })),
    );
    return cases(started, ({ database }) => [usualLoad(database, connections)]);
  },

  async refresh(place, options) {
    return refreshCases(await start(REFRESHING, place), place.load, {
      connections: options.connections,
      seconds: secondsOf('refresh', options),
      warmUpSeconds: options.warmUpSeconds,
    });
  },

  // Without HTTP, so that one platform says it for both.
  async rotations(place, options) {
    if (place.platform !== 'fastify') return [];
    return rotationCases(await start(ROTATING, place), place.load, {
      connections: options.connections,
      seconds: secondsOf('rotations', options),
      warmUpSeconds: options.warmUpSeconds,
    });
  },
};

export async function planSeries(
  series: Series,
  place: Place,
  options: Options,
): Promise<Omit<SeriesPlan, 'rounds' | 'warmUpSeconds'>> {
  return {
    series,
    cases: await PLANS[series](place, options),
    seconds: secondsOf(series, options),
  };
}

/** Those with targets of a few per cent. */
const CLOSE: ReadonlySet<Series> = new Set(['one-connection', 'sessions', 'session-rows']);

/** Those that measure the library at other commits, too. */
const WITH_EARLIER: ReadonlySet<Series> = new Set([
  'main',
  'one-connection',
  'concurrency',
  'refused',
]);

/**
 * Whether what is compared is so close that two processes of one build may differ by more: much of how V8 treats what it
 * runs is decided once in the life of a process. Then each round has new servers.
 */
export function isClose(series: Series, { earlier }: Pick<Options, 'earlier'>): boolean {
  return CLOSE.has(series) || (earlier.length > 0 && WITH_EARLIER.has(series));
}

/** Those that have many cases take half as long for each. */
function secondsOf(series: Series, { seconds }: Options): number {
  return series === 'main' || series === 'sessions' ? seconds : seconds / 2;
}

function start(
  variants: readonly Variant[],
  { platform, servers }: Place,
): Promise<ServerProcess[]> {
  return servers.get(variants.map((variant) => ({ variant, platform, users: USERS })));
}

function cases(
  servers: readonly ServerProcess[],
  shapes: (server: ServerProcess) => LoadShape[],
): Case[] {
  return servers.flatMap((server) => shapes(server).map((shape) => ({ server, shape })));
}

import type { LoadShape } from './measure.js';
import type { Options } from './options.js';
import type { Series } from './results.js';
import { type Case, type SeriesPlan, usualLoad } from './run-series.js';
import type { ServerProcess } from './server/server-process.js';
import type { Servers } from './servers.js';
import { careful } from './variants/careful.variant.js';
import { handWritten } from './variants/hand-written.variant.js';
import { library } from './variants/library.variant.js';
import type { Platform, Variant } from './variants/variant.js';

export const USERS = 100_000;

const USER_COUNTS = [10_000, USERS, 1_000_000];

const CONCURRENCY = [1, 8, 64, 512];

/** Per cent of all requests. */
const FORGED = [0, 10, 100];

type Plan = (
  platform: Platform,
  servers: Servers,
  options: Options,
) => Promise<SeriesPlan['cases']>;

/** What each series measures on one platform. */
const PLANS: Record<Series, Plan> = {
  async main(platform, servers, { variants, earlier, connections }) {
    const offered = [...variants, ...earlier].filter(({ platforms }) =>
      platforms.includes(platform),
    );
    return cases(await start(offered, platform, servers), ({ database }) => [
      usualLoad(database, connections),
    ]);
  },

  async 'one-connection'(platform, servers, { earlier }) {
    const started = await start([library, ...earlier, careful, handWritten], platform, servers);
    return cases(started, ({ database }) => [usualLoad(database, 1)]);
  },

  async users(platform, servers, { connections }) {
    const started = await servers.get(
      USER_COUNTS.map((users) => ({ variant: library, platform, users })),
    );
    return cases(started, ({ database }) => [usualLoad(database, connections)]);
  },

  async concurrency(platform, servers, { earlier }) {
    const started = await start([library, ...earlier, handWritten], platform, servers);
    return cases(started, ({ database }) => CONCURRENCY.map((count) => usualLoad(database, count)));
  },

  async 'one-user'(platform, servers, { connections }) {
    const started = await start([library, handWritten], platform, servers);
    return cases(started, () => [{ connections, distinctTokens: 1, forgedPercent: 0 }]);
  },

  async refused(platform, servers, { earlier, connections }) {
    const started = await start([library, ...earlier], platform, servers);
    return cases(started, ({ database }) =>
      FORGED.map((forgedPercent) => usualLoad(database, connections, forgedPercent)),
    );
  },
};

export async function planSeries(
  series: Series,
  { platform, servers }: { readonly platform: Platform; readonly servers: Servers },
  options: Options,
): Promise<SeriesPlan> {
  return {
    series,
    cases: await PLANS[series](platform, servers, options),
    rounds: options.rounds,
    // The others are compared with themselves, and are many.
    seconds: series === 'main' ? options.seconds : options.seconds / 2,
  };
}

function start(
  variants: readonly Variant[],
  platform: Platform,
  servers: Servers,
): Promise<ServerProcess[]> {
  return servers.get(variants.map((variant) => ({ variant, platform, users: USERS })));
}

function cases(
  servers: readonly ServerProcess[],
  shapes: (server: ServerProcess) => LoadShape[],
): Case[] {
  return servers.flatMap((server) => shapes(server).map((shape) => ({ server, shape })));
}

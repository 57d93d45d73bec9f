import { AsyncLocalStorage } from 'node:async_hooks';
import { TokenInvalidationConfigError } from '../options/config.error.js';
import type { PgClient, PgPool } from '../postgres/pg-pool.js';

/** Where a pool keeps its detour. */
const DETOUR = Symbol('nestjs-token-invalidation.detour');

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** As Prisma's adapter uses a pool. */
type AdaptersPool = Record<'query' | 'connect', Method> & { [DETOUR]?: Detour };

interface Journey {
  /** `undefined`: none but those of the pool. */
  client: PgClient | undefined;
  hasAsked: boolean;
}

const OTHER_POOL =
  'prismaStore: the client reads without the pool: give pool the very Pool that the adapter has, as in new PrismaPg(pool), with the same copy of pg, and a client without extensions that answer from a cache or a replica.';

/**
 * Lets Prisma read by a connection that it does not know: while `run` works, what its adapter asks of the pool goes to that
 * connection. Each pool has one detour, which replaces `query` and `connect` of the pool.
 */
export class Detour {
  private readonly journeys = new AsyncLocalStorage<Journey>();

  static of(pool: PgPool): Detour {
    const its = pool as unknown as AdaptersPool;
    return (its[DETOUR] ??= new Detour(its));
  }

  private constructor(pool: AdaptersPool) {
    const { query, connect } = pool;
    pool.query = (...args) => {
      const client = this.takeClient();
      if (client === undefined) return query.apply(pool, args);
      return (client.query as Method).apply(client, args);
    };
    pool.connect = (...args) => {
      // With a callback, it is not the adapter who asks.
      const client = args.length === 0 ? this.takeClient() : undefined;
      return client === undefined ? connect.apply(pool, args) : Promise.resolve(lent(client));
    };
  }

  /**
   * @param client - `undefined`: reads by the pool, as without a detour
   * @throws TokenInvalidationConfigError when `work` reads without the pool: from a replica or a cache
   */
  async run<Result>(
    client: PgClient | undefined,
    work: () => PromiseLike<Result>,
  ): Promise<Result> {
    const journey: Journey = { client, hasAsked: false };
    try {
      const result = await this.journeys.run(journey, async () => work());
      if (!journey.hasAsked) throw new TokenInvalidationConfigError([OTHER_POOL]);
      return result;
    } finally {
      // What an extension leaves running goes by the pool: another read may have the connection.
      journey.client = undefined;
    }
  }

  private takeClient(): PgClient | undefined {
    const journey = this.journeys.getStore();
    if (journey === undefined) return undefined;
    journey.hasAsked = true;
    return journey.client;
  }
}

/** A connection that its borrower cannot give back, for an extension that reads in a transaction. */
function lent(client: PgClient): PgClient {
  return new Proxy(client, {
    get(target, name) {
      if (name === 'release') return () => undefined;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? (value as Method).bind(target) : value;
    },
  });
}

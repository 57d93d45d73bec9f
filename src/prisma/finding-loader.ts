import { findUsers } from '../postgres/find-users.js';
import type { PgClient } from '../postgres/pg-pool.js';
import type { LoaderMeans, UserLoader } from '../postgres/user-loader.js';
import type { Detour } from './detour.js';
import type { ModelDelegate, PrismaRecord } from './prisma-client.js';
import type { UserModel } from './user-model.js';

/** How to ask for the records of the model. */
export interface PrismaUsers {
  /** Asked each time: a client that was made for the primary may be another object. */
  readonly delegate: () => ModelDelegate;
  readonly model: UserModel;
  /** The field to leave out. */
  readonly password: string | undefined;
  /** Of the pool that the client reads through. */
  readonly detour: Detour;
}

/**
 * Loads the records through Prisma's `findMany`, without the password: a second query, on the connection that brought the
 * state. The application's pool may lead to a standby, or to an old primary.
 */
export class FindingLoader implements UserLoader<PrismaRecord> {
  readonly columns: readonly string[];
  readonly readsMore = true as const;
  readonly needsContext = false;

  constructor(private readonly users: PrismaUsers) {
    this.columns = [users.model.names.id];
  }

  load(
    rows: readonly (readonly unknown[])[],
    first: number,
    { client }: LoaderMeans,
  ): Promise<(PrismaRecord | Error | undefined)[]> {
    return findUsers(
      {
        find: (ids) => this.find(ids, client),
        isFaultOfDatabase: (cause) => nameOf(cause).startsWith('PrismaClient'),
      },
      rows.map((row) => row[first]),
    );
  }

  /** @param client - `undefined`: one of the application's pool */
  async find(
    ids: readonly unknown[],
    client: PgClient | undefined,
  ): Promise<Map<string, PrismaRecord>> {
    const { delegate, detour, model, password } = this.users;
    const { id } = model;
    const found = await detour.run(client, () =>
      delegate().findMany({
        where: { [id.name]: { in: ids.map((raw) => idOf(id.type, raw)) } },
        ...(password !== undefined && { omit: { [password]: true as const } }),
      }),
    );
    return new Map(found.map((user) => [String(user[id.name]), user]));
  }
}

/** An id that pg read, as Prisma takes it. */
function idOf(type: string, raw: unknown): unknown {
  if (type === 'BigInt') return BigInt(raw as string);
  return type === 'Int' ? Number(raw) : raw;
}

/** Prisma's errors have no class in common that is reachable without its package. */
function nameOf(cause: unknown): string {
  return cause instanceof Error ? cause.name : '';
}

import { findUsers } from '../postgres/find-users.js';
import type { UserLoader } from '../postgres/user-loader.js';
import type { ModelDelegate, PrismaRecord } from './prisma-client.js';
import type { UserModel } from './user-model.js';

/** Loads the records through Prisma's `findMany`, without the password: a second query, on the primary. */
export class FindingLoader implements UserLoader<PrismaRecord> {
  readonly columns: readonly string[];
  readonly needsContext = false;

  /**
   * @param delegate - asked each time: a client that was made for the primary may be another object
   * @param password - the field to leave out
   */
  constructor(
    private readonly delegate: () => ModelDelegate,
    private readonly model: UserModel,
    private readonly password: string | undefined,
  ) {
    this.columns = [model.names.id];
  }

  load(
    rows: readonly (readonly unknown[])[],
    first: number,
  ): Promise<(PrismaRecord | Error | undefined)[]> {
    return findUsers(
      {
        find: (ids) => this.find(ids),
        isFaultOfDatabase: (cause) => nameOf(cause).startsWith('PrismaClient'),
      },
      rows.map((row) => row[first]),
    );
  }

  private async find(ids: readonly unknown[]): Promise<Map<string, PrismaRecord>> {
    const { id } = this.model;
    const found = await this.delegate().findMany({
      where: { [id.name]: { in: ids.map((raw) => idOf(id.type, raw)) } },
      ...(this.password !== undefined && { omit: { [this.password]: true as const } }),
    });
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

import { setTimeout } from 'node:timers/promises';
import { Injectable, type Type } from '@nestjs/common';
import {
  type CutoffKind,
  type InvalidationTarget,
  type StateChange,
  type StateQuery,
  type StateReading,
  type TokenState,
  type TokenStateStore,
  TokenStateUnchangedError,
  type WriteOutcome,
} from 'nestjs-token-invalidation';
import { DataSource, type EntityManager } from 'typeorm';
import { PostgresTokenStateStore } from '../../src/postgres/postgres-token-state.store.js';
import { TypeOrmLayer } from '../../src/typeorm/typeorm-layer.js';
import { User } from '../support/user.entity.js';
import type { PlantedFault } from './planted-faults.js';

/** How old a copy may be from which reads are answered: a replica's delay. */
const STALENESS_MS = 200;
/** How long an answer of the database is under way: a network between two data centres. */
const NETWORK_MS = 10;

type Reading = Promise<StateReading<User>>;
type ReadOptions = { readonly timeoutMs: number };

/** The store that ships, on the real database. Each subclass breaks one thing about it. */
@Injectable()
class WholeStore extends PostgresTokenStateStore<User, EntityManager> {
  constructor(protected readonly dataSource: DataSource) {
    super(new TypeOrmLayer<User>({ dataSource, entity: User, properties: {}, problems: [] }), {
      everyoneTable: undefined,
      realm: undefined,
      seesAllRows: false,
      checkSchema: false,
      writeTimeoutMs: 10_000,
    });
  }
}

@Injectable()
class StaleStore extends WholeStore {
  private readonly copies = new Map<
    string,
    { readonly readAt: number; readonly answer: Reading }
  >();

  override read(queries: readonly StateQuery[], options: ReadOptions): Reading {
    return apart(queries, (query) => this.readCopy(query, options));
  }

  private readCopy(query: StateQuery, options: ReadOptions): Reading {
    const copy = this.copies.get(query.subject);
    if (copy !== undefined && performance.now() - copy.readAt < STALENESS_MS) return copy.answer;
    const answer = super.read([query], options);
    this.copies.set(query.subject, { readAt: performance.now(), answer });
    return answer;
  }
}

/** A request joins the read that is under way for its user, and was begun before it arrived. */
@Injectable()
class LateJoinStore extends WholeStore {
  private readonly underWay = new Map<string, Reading>();

  override read(queries: readonly StateQuery[], options: ReadOptions): Reading {
    return apart(queries, (query) => this.join(query, options));
  }

  private join(query: StateQuery, options: ReadOptions): Reading {
    const { subject } = query;
    const reading =
      this.underWay.get(subject) ??
      this.readSlowly(query, options).finally(() => this.underWay.delete(subject));
    this.underWay.set(subject, reading);
    return reading;
  }

  private async readSlowly(query: StateQuery, options: ReadOptions): Reading {
    const answer = await super.read([query], options);
    await setTimeout(NETWORK_MS);
    return answer;
  }
}

/** Each query by itself, put together again. */
async function apart(
  queries: readonly StateQuery[],
  readOne: (query: StateQuery) => Reading,
): Reading {
  const readings = await Promise.all(queries.map(readOne));
  const [latest] = readings.toSorted((one, other) => other.everyone.version - one.everyone.version);
  return {
    everyone: latest!.everyone,
    records: readings.flatMap(({ records }) => records),
  };
}

/** Invalidates with its own statement. */
abstract class HalfStore extends WholeStore {
  protected abstract change(kind: CutoffKind): string;

  override async invalidate(
    { subject, ifVersion }: InvalidationTarget,
    kind: CutoffKind,
  ): Promise<WriteOutcome> {
    const sql = `WITH changed AS (UPDATE users SET ${this.change(kind)}
      WHERE id = $1 AND token_version = coalesce($2, token_version) RETURNING token_version)
      SELECT token_version AS version FROM changed`;
    const [row] = (await this.dataSource.query(sql, [subject, ifVersion])) as { version: number }[];
    return row === undefined
      ? 'conflict'
      : { version: row.version, effectiveAt: new Date(Date.now() - 1) };
  }
}

@Injectable()
class VersionStore extends HalfStore {
  protected change(): string {
    return 'token_version = token_version + 1';
  }
}

/** Writes as it should, but on a connection that the application's code has used. */
@Injectable()
class PooledStore extends WholeStore {
  override async invalidate(
    { subject, ifVersion }: InvalidationTarget,
    kind: CutoffKind,
  ): Promise<WriteOutcome> {
    const cutoff = kind === 'password' ? 'password_changed_at' : 'logout_all_at';
    const sql = `WITH changed AS (UPDATE users SET token_version = token_version + 1,
        ${cutoff} = date_trunc('milliseconds', clock_timestamp())
      WHERE id = $1 AND token_version = coalesce($2, token_version) RETURNING *)
      SELECT c.token_version AS version, c.${cutoff} AS "effectiveAt",
        c.token_version > u.token_version AS done FROM changed AS c JOIN users AS u ON u.id = c.id`;
    type Row = StateChange & { readonly done: boolean };
    const [row] = (await this.dataSource.query(sql, [subject, ifVersion])) as Row[];
    if (row?.done === false) throw new TokenStateUnchangedError();
    return row ?? 'conflict';
  }
}

/** Needs a trigger that lets the version stay where it is. */
@Injectable()
class CutoffStore extends HalfStore {
  protected change(kind: CutoffKind): string {
    const column = kind === 'password' ? 'password_changed_at' : 'logout_all_at';
    return `${column} = greatest(${column}, date_trunc('milliseconds', clock_timestamp()))`;
  }
}

/** The issuer takes a token's `iat` from this node's clock alone, as it does for a record without cutoffs. */
@Injectable()
class NoCutoffsStore extends WholeStore {
  override describe(user: User): { subject: string; state: TokenState } {
    const { subject, state } = super.describe(user);
    return { subject, state: { ...state, passwordChangedAt: null, logoutAllAt: null } };
  }
}

/** Takes an outage for "no such user". */
@Injectable()
class SilentStore extends WholeStore {
  override async read(queries: readonly StateQuery[], options: ReadOptions): Reading {
    try {
      return await super.read(queries, options);
    } catch {
      const everyone = { version: 0, loggedOutAt: null };
      return { everyone, records: queries.map(() => undefined) };
    }
  }
}

const FAULTY_STORES: Partial<Record<PlantedFault, Type<TokenStateStore>>> = {
  'stale-copy': StaleStore,
  'late-join': LateJoinStore,
  'version-without-cutoff': VersionStore,
  'cutoff-without-version': CutoffStore,
  'iat-not-clamped': NoCutoffsStore,
  'outage-refuses': SilentStore,
  'writes-on-pool': PooledStore,
};

/** The store with this fault; `undefined`: the fault is elsewhere. */
export function faultyStore(fault: PlantedFault | undefined): Type<TokenStateStore> | undefined {
  return fault && FAULTY_STORES[fault];
}

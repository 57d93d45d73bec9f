import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { Failover } from './failover.js';
import type { Random } from './random.js';
import type { Receipt } from './operation.js';
import { type Completion, readReceipt } from './recorder.js';
import type { OperatedWorld } from './world.js';

/** From one of its kind to the next, in ms: at the least and at the most. */
export const PAUSES = {
  cut: [500, 2500],
  kill: [5000, 15_000],
  everyone: [4000, 10_000],
  failover: [3000, 8000],
  lock: [500, 3000],
  forget: [200, 1000],
} as const satisfies Record<string, readonly [least: number, most: number]>;

type Deed = keyof typeof PAUSES;

/** From one deed to the next of its kind, in ms: at the least and at the most. */
export type Pauses = Readonly<Record<Deed, readonly [least: number, most: number]>>;

/** What an operator does, each by a stream of choices. */
export const DEEDS = Object.keys(PAUSES) as Deed[];

/** In a run longer than a short one these are rarer: a server that has just begun is slow. */
const TAXING = new Set<Deed>(['kill', 'failover']);
/** Of a run this long and shorter. */
const SHORT_RUN_SECONDS = 60;
const MOST_PATIENCE = 6;
/** The first of a kind comes after this part of its pause, so that the shortest run has some. */
const SOONER = 0.3;
/** Connections that are cut at once. */
const MOST_CUT = 4;
/** Users whose rows are locked at once, and for how long at the most. */
const MOST_LOCKED = 2;
const LOCKED_MS = [10, 300] as const;

/** What the operator did to the servers. */
export interface Disturbances {
  kills: number;
  cuts: number;
  failovers: number;
  locks: number;
  forgotten: number;
}

/**
 * Cuts connections, kills servers and starts them again, lets the standby take over, locks rows, leaves transactions
 * open, and logs everyone out: each now and then.
 */
export class Operator {
  readonly done: Disturbances = { kills: 0, cuts: 0, failovers: 0, locks: 0, forgotten: 0 };
  private readonly failover: Failover;
  private turn: Promise<unknown> = Promise.resolve();
  private readonly ending = new AbortController();
  private readonly ended = once(this.ending.signal, 'abort');
  private readonly patience: number;
  private readonly pauses: Pauses;

  /** @param number - the operator's place among the clients */
  constructor(
    private readonly world: OperatedWorld,
    private readonly number: number,
    private readonly streams: Readonly<Record<Deed, Random>>,
    { runSeconds, pauses }: { readonly runSeconds: number; readonly pauses: Pauses },
  ) {
    this.pauses = pauses;
    this.failover = new Failover(world, streams.failover);
    this.patience = Math.min(Math.max(runSeconds / SHORT_RUN_SECONDS, 1), MOST_PATIENCE);
  }

  async run(): Promise<void> {
    await Promise.all([
      this.repeat('cut', () => this.cut()),
      // A server that starts needs a primary.
      this.repeat('kill', () => this.inTurn(() => this.kill())),
      this.repeat('failover', () => this.inTurn(() => this.failOver())),
      this.repeat('everyone', () => this.world.users.duringEveryone(() => this.logoutEveryone())),
      this.repeat('lock', () => this.lock()),
      this.repeat('forget', () => this.forget()),
    ]);
  }

  /** The servers that did not find the new primary after a failover. */
  get stranded(): readonly number[] {
    return [...this.failover.stranded];
  }

  /** @param tell - called as soon as there is one */
  onStranded(tell: () => void): void {
    this.failover.onStranded = tell;
  }

  stop(): void {
    this.ending.abort();
  }

  private async repeat(kind: Deed, act: () => Promise<void>): Promise<void> {
    const { signal } = this.ending;
    for (let times = 0; !signal.aborted; times += 1) {
      const [least, most] = this.pauses[kind];
      const pause = this.streams[kind].whole(least, most) * (times === 0 ? SOONER : 1);
      const ms = TAXING.has(kind) ? pause * this.patience : pause;
      await setTimeout(ms, undefined, { signal }).catch(() => {});
      if (!signal.aborted) await act();
    }
  }

  private inTurn(act: () => Promise<void>): Promise<void> {
    const acting = this.turn.then(() => (this.ending.signal.aborted ? undefined : act()));
    this.turn = acting;
    return acting;
  }

  private async failOver(): Promise<void> {
    await this.failover.run();
    this.done.failovers += 1;
  }

  private async lock(): Promise<void> {
    const { lock } = this.streams;
    const ids = this.world.users.some(lock, lock.whole(1, MOST_LOCKED));
    await this.world.database.lock(ids, lock.whole(...LOCKED_MS));
    this.done.locks += 1;
  }

  /** Lets a server forget a transaction, on a connection of its own pool. */
  private async forget(): Promise<void> {
    const up = this.world.servers.flatMap(({ life }) => life ?? []);
    const { url } = this.streams.forget.pick(up);
    await this.world.http.ask({ method: 'POST', url: `${url}/history/careless/transaction` });
    this.done.forgotten += 1;
  }

  private async cut(): Promise<void> {
    // One that is starting gives up without its database, as it should.
    const up = this.world.servers.flatMap(({ life }) => life?.applicationName ?? []);
    this.done.cuts += await this.world.database.cut(up, this.streams.cut.whole(1, MOST_CUT));
  }

  /** One at a time, so that somebody is always there to ask. */
  private async kill(): Promise<void> {
    const { servers } = this.world;
    if (servers.length < 2) return;
    const server = this.streams.kill.pick(servers);
    this.done.kills += 1;
    await server.kill();
    const started = server.start();
    // A run that is over does not wait for a server that nobody will ask.
    await Promise.race([started, this.ended]);
    started.catch(() => {});
  }

  private async logoutEveryone(): Promise<void> {
    const { database, http, recorder } = this.world;
    const up = this.world.servers.filter(({ life }) => life !== undefined);
    const server = this.streams.everyone.pick(up);
    const { url, applicationName } = server.life!;
    const invocation = { kind: 'everyone', client: this.number, process: server.index } as const;
    const before = await database.readEveryone();
    await recorder.perform(invocation, async () => {
      const answer = await http.ask({ method: 'POST', url: `${url}/history/everyone/logout` });
      const { status, body } = answer;
      if (status !== 201) return this.findOut(applicationName, before);
      return { outcome: 'done', status, ...readReceipt(body) };
    });
  }

  /**
   * Whether everyone was logged out must not stay open, or no token's life could be vouched for any more. Once all that
   * this server sent is over, the table says it: nobody else raises this version.
   */
  private async findOut(applicationName: string, before: Receipt): Promise<Completion> {
    const { database } = this.world;
    await database.cutAll(applicationName);
    const receipt = await database.readEveryone();
    if (receipt.version === before.version) return { outcome: 'refused' };
    return { outcome: 'done', receipt, databaseBefore: receipt.effectiveAt };
  }
}

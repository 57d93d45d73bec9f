import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import type { Random } from './random.js';
import type { Receipt } from './operation.js';
import { type Completion, readReceipt } from './recorder.js';
import type { World } from './world.js';

/** From one of its kind to the next, in ms: at the least and at the most. */
const PAUSES: Record<'cut' | 'kill' | 'everyone', [least: number, most: number]> = {
  cut: [500, 2500],
  kill: [5000, 15_000],
  everyone: [4000, 10_000],
};
/** Of a run this long and shorter. In a longer one kills are rarer: a server that has just begun is slow. */
const SHORT_RUN_SECONDS = 60;
const MOST_PATIENCE = 6;
/** Connections that are cut at once. */
const MOST_CUT = 4;

/** What the operator did to the servers. */
export interface Disturbances {
  kills: number;
  cuts: number;
}

/** Cuts connections, kills servers and starts them again, and logs everyone out: each now and then. */
export class Operator {
  readonly done: Disturbances = { kills: 0, cuts: 0 };
  private readonly ending = new AbortController();
  private readonly ended = once(this.ending.signal, 'abort');
  private readonly patience: number;

  /** @param number - the operator's place among the clients */
  constructor(
    private readonly world: World,
    private readonly number: number,
    private readonly streams: { cut: Random; kill: Random; everyone: Random },
    runSeconds: number,
  ) {
    this.patience = Math.min(Math.max(runSeconds / SHORT_RUN_SECONDS, 1), MOST_PATIENCE);
  }

  async run(): Promise<void> {
    await Promise.all([
      this.repeat('cut', () => this.cut()),
      this.repeat('kill', () => this.kill()),
      this.repeat('everyone', () => this.world.users.duringEveryone(() => this.logoutEveryone())),
    ]);
  }

  stop(): void {
    this.ending.abort();
  }

  private async repeat(kind: keyof typeof PAUSES, act: () => Promise<void>): Promise<void> {
    const { signal } = this.ending;
    while (!signal.aborted) {
      const pause = this.streams[kind].whole(...PAUSES[kind]);
      const ms = kind === 'kill' ? pause * this.patience : pause;
      await setTimeout(ms, undefined, { signal }).catch(() => {});
      if (!signal.aborted) await act();
    }
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

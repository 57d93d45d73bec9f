import { createHistogram, performance, type RecordableHistogram } from 'node:perf_hooks';
import { type Answer, Connection } from './connection.js';
import type { Call, LoadReport, OpenLoad, Refresh } from './messages.js';
import { type LoadCall, PreparedCall } from './prepared-call.js';
import { RefreshCall } from './refresh-call.js';

/** Connections that each send the next request when an answer has come. */
export class Load {
  private callers: Caller[] = [];
  /** By their first tokens. They go on where the last measurement left them. */
  private readonly refreshes = new Map<string, RefreshCall>();
  private histogram: RecordableHistogram = newHistogram();
  private requests = 0;
  private inFlight = 0;
  private stopAt = 0;
  private wrong: string | undefined;
  private finish: () => void = () => undefined;

  async open(order: OpenLoad): Promise<void> {
    this.close();
    this.wrong = undefined;
    const url = new URL(order.url);
    const calls = order.calls.map((call) => this.prepare(call, url));
    const forged = order.forgedCalls.map((call) => new PreparedCall(call, url));
    const callsOf = (connection: number) =>
      order.apart ? calls.filter((_, n) => n % order.connections === connection) : calls;
    const callers = Array.from({ length: order.connections }, async (_, connection) => {
      const caller: Caller = new Caller(
        new CallOrder(callsOf(connection), forged, order.forgedPercent),
        await Connection.open(
          url,
          (answer) => this.answered(caller, answer),
          (reason) => this.broken(reason),
        ),
      );
      return caller;
    });
    this.callers = await Promise.all(callers);
  }

  /** Ends when every request has been answered. */
  async run(atLeastSeconds: number): Promise<LoadReport> {
    this.histogram = newHistogram();
    this.requests = 0;
    const cpu = process.cpuUsage();
    const started = performance.now();
    this.stopAt = started + atLeastSeconds * 1000;
    const finished = new Promise<void>((resolve) => {
      this.finish = resolve;
    });
    this.inFlight = this.callers.length;
    for (const caller of this.callers) caller.next(performance.now());
    await finished;
    const seconds = (performance.now() - started) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    return {
      requests: this.requests,
      seconds,
      p50Milliseconds: this.histogram.percentile(50) / 1000,
      p99Milliseconds: this.histogram.percentile(99) / 1000,
      coreShare: (user + system) / 1e6 / seconds,
      ...(this.wrong === undefined ? {} : { wrong: this.wrong }),
    };
  }

  close(): void {
    for (const caller of this.callers) caller.connection.close();
    this.callers = [];
  }

  private prepare(call: Call | Refresh, url: URL): LoadCall {
    if (!('refreshToken' in call)) return new PreparedCall(call, url);
    const known = this.refreshes.get(call.refreshToken) ?? new RefreshCall(call, url);
    this.refreshes.set(call.refreshToken, known);
    return known;
  }

  private answered(caller: Caller, answer: Answer): void {
    const now = performance.now();
    this.histogram.record(Math.max(1, Math.round((now - caller.sentAt) * 1000)));
    this.requests++;
    this.wrong ??= caller.sent.problem(answer);
    if (now >= this.stopAt || this.wrong !== undefined) {
      if (--this.inFlight === 0) this.finish();
      return;
    }
    caller.next(now);
  }

  private broken(reason: string): void {
    this.wrong ??= reason;
    this.finish();
  }
}

class Caller {
  sentAt = 0;
  sent!: LoadCall;

  constructor(
    private readonly order: CallOrder,
    readonly connection: Connection,
  ) {}

  next(now: number): void {
    this.sent = this.order.next();
    this.sentAt = now;
    this.connection.send(this.sent.bytes);
  }
}

/** An order of each connection's own: in lockstep the requests that come together would be artificially alike. */
class CallOrder {
  private readonly calls: readonly LoadCall[];
  private place = 0;
  private percent = Math.floor(Math.random() * 100);

  constructor(
    calls: readonly LoadCall[],
    private readonly forged: readonly LoadCall[],
    private readonly forgedPercent: number,
  ) {
    this.calls = shuffled(calls);
  }

  next(): LoadCall {
    this.place = (this.place + 1) % this.calls.length;
    this.percent += this.forgedPercent;
    if (this.percent < 100) return this.calls[this.place]!;
    this.percent -= 100;
    return this.forged[this.place % this.forged.length]!;
  }
}

function shuffled<Item>(items: readonly Item[]): Item[] {
  return items
    .map((item) => ({ item, place: Math.random() }))
    .toSorted((one, other) => one.place - other.place)
    .map(({ item }) => item);
}

/** In microseconds, up to a minute. */
function newHistogram(): RecordableHistogram {
  return createHistogram({ lowest: 1, highest: 60_000_000, figures: 3 });
}

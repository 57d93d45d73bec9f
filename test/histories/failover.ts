import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { forge } from '../support/forge.js';
import type { Random } from './random.js';
import type { ServerProcess } from './server-process.js';
import type { Stage } from './world.js';

/**
 * For how many operations the name leads to a standby, and the old primary stays reachable: at the least and at the
 * most. Not a time, in which a busy machine would do nothing.
 */
const ASTRAY = [50, 400] as const;
const LINGERING = [200, 800] as const;
const LOOK_MS = 10;
/** A server may answer so many questions with an outage before it counts as stranded: far more than it takes. */
const PATIENCE = 200;
const PROBE_MS = 20;

/** The standby takes over, in the ways that the library has to survive. */
export class Failover {
  /** Servers that did not find the new primary, while the old one answered them. */
  readonly stranded = new Set<number>();
  onStranded: () => void = () => {};

  constructor(
    private readonly world: Stage,
    private readonly random: Random,
  ) {}

  async run(): Promise<void> {
    const { databases, database, servers } = this.world;
    await databases.leadAstray(this.random.percent(30));
    await this.afterOperations(this.random.whole(...ASTRAY));
    await database.moveAfter(async () => {
      await databases.promote();
      return databases.primaryUrl;
    });
    await this.afterOperations(this.random.whole(...LINGERING));
    await Promise.all(servers.map((server) => this.untilRecovered(server)));
    if (!this.world.stopping) await databases.replaceOld();
  }

  private async afterOperations(count: number): Promise<void> {
    const { recorder } = this.world;
    const last = recorder.operations + count;
    while (!this.world.stopping && recorder.operations < last) await setTimeout(LOOK_MS);
  }

  /** The old primary is still there: nothing but the server itself makes it leave. */
  private async untilRecovered(server: ServerProcess): Promise<void> {
    for (let asked = 0; asked < PATIENCE; asked += 1) {
      if (this.world.stopping || (await this.answers(server))) return;
      await setTimeout(PROBE_MS);
    }
    this.stranded.add(server.index);
    this.onStranded();
  }

  /** With a token of nobody's, whom it has to look for. */
  private async answers({ life }: ServerProcess): Promise<boolean> {
    if (life === undefined) return true;
    const token = forge({ sub: randomUUID(), ver: 0 });
    const url = `${life.url}/protected`;
    const { status } = await this.world.http.ask({ method: 'GET', url, token });
    return status === 401;
  }
}

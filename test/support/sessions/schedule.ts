import { type InMemoryRows, InMemoryTokenStateStore } from '../../../src/testing/index.js';
import { endSession } from '../../../src/testing/in-memory/in-memory-session-endings.js';
import { sessionState } from '../../../src/testing/in-memory/in-memory-session-life.js';
import {
  noteRepeat,
  noteSight,
  refreshedOf,
  rotateSession,
} from '../../../src/testing/in-memory/in-memory-session-refreshes.js';
import type { InMemorySession } from '../../../src/testing/in-memory/in-memory-session.js';
import type { WritableUser } from '../../../src/testing/in-memory/in-memory-rows.js';
import { judgeRefresh } from '../../../src/rule/refresh-rule.js';
import { Agenda } from './agenda.js';
import type { NewSession, PresentedRefresh } from '../../../src/state/session.store.js';
import { newSession } from './new-session.js';

export const GRACE = 60;
const ACCESS_LIFE = 900;
/** Within which a storage that was written may still lose it when the client crashes. */
const DURABLE_AFTER = 30;

/** What a refresh answers: the generation of the new refresh token, or none. */
export interface Answer {
  readonly refused?: string;
  readonly refreshToken?: number;
  readonly generation?: number;
}

/** One session on a server that lives in made-up time. */
export interface Server {
  /** Decides about a refresh token of this generation, and writes. */
  refresh(presented: number, now: number): Answer | Promise<Answer>;
  /** Whether the use of an access token of this generation is a sight to be noted. */
  isSightDue(generation: number, now: number): boolean | Promise<boolean>;
  noteSight(generation: number, now: number): void | Promise<void>;
}

/** One session of one user, in an in-memory database. */
abstract class InMemoryServer implements Server {
  constructor(
    protected readonly rows: InMemoryRows<WritableUser>,
    protected readonly session: NewSession,
  ) {}

  abstract refresh(presented: number, now: number): Answer;

  isSightDue(generation: number, now: number): boolean {
    const session = { sessionId: this.session.id, subject: 'owner' };
    const state = sessionState(this.rows, session, instant(now))!;
    return state.isSightDue && state.generation === generation;
  }

  noteSight(generation: number, now: number): void {
    noteSight(this.rows, { sessionId: this.session.id, generation }, instant(now));
  }

  protected get row(): InMemorySession {
    return this.rows.sessions.get(this.session.id)!;
  }

  protected presented(generation: number): PresentedRefresh {
    const { id: sessionId, secretHash } = this.session;
    return { sessionId, generation, secretHash };
  }

  protected end(reason: 'refresh_reused' | 'session_ahead', now: number): Answer {
    endSession(this.row, { reason, retentionSeconds: 1e9 }, instant(now));
    return { refused: reason };
  }
}

const instant = (seconds: number) => new Date(seconds * 1000);

/** The rotation that ships: the functions of the store in memory, and `judgeRefresh`. */
class Ours extends InMemoryServer {
  refresh(presented: number, now: number): Answer {
    const { rows } = this;
    const token = this.presented(presented);
    const visit = { graceSeconds: GRACE };
    const rotated = rotateSession(rows, token, { visit, now: instant(now) });
    if (rotated) return { refreshToken: rotated.generation, generation: rotated.generation };

    const { tokenVersion, passwordChangedAt, logoutAllAt } = rows.users.get('owner')!;
    const verdict = judgeRefresh(
      presented,
      {
        state: { tokenVersion, passwordChangedAt, logoutAllAt },
        active: true,
        everyone: rows.everyone,
        refreshed: refreshedOf(this.row, token, instant(now)),
      },
      visit,
    );
    if (!verdict.accepted) {
      return verdict.ends ? this.end(verdict.ends, now) : { refused: verdict.reason };
    }
    const { generation, repeatsSuccessor, write } = verdict;
    if (write === 'sight') this.noteSight(presented, now);
    if (write === 'repeat') noteRepeat(rows, token, instant(now));
    return { generation, ...(repeatsSuccessor && { refreshToken: generation }) };
  }
}

/** What others do: the grace and the next rotation count from the rotation, and each answer holds a refresh token. */
class Peers extends InMemoryServer {
  refresh(presented: number, now: number): Answer {
    const { row } = this;
    if (row.endedAt !== null) return { refused: 'session_ended' };
    const age = now - Number(row.rotatedAt) / 1000;
    const { generation } = row;
    if (presented === generation && age >= GRACE) {
      row.generation += 1;
      row.rotatedAt = instant(now);
      return { refreshToken: generation + 1, generation: generation + 1 };
    }
    const isGood = presented === generation || (presented === generation - 1 && age < GRACE);
    return isGood ? { refreshToken: generation, generation } : this.end('refresh_reused', now);
  }
}

/** A server with a new session, that was started when time began. */
export type OpenServer = () => Promise<Server>;

export const ours: OpenServer = () => openInMemory(Ours);
export const peers: OpenServer = () => openInMemory(Peers);

async function openInMemory(
  Kind: new (rows: InMemoryRows<WritableUser>, session: NewSession) => Server,
): Promise<Server> {
  const store = new InMemoryTokenStateStore({ now: () => 0 });
  store.add({ id: 'owner', passwordHash: 'hash' });
  const session = newSession();
  await store.sessions.start({ ...startOf(session), subject: 'owner', userVersion: 0 });
  return new Kind(store.database.rows, session);
}

/** A login that outlives every schedule. */
export function startOf(session: NewSession) {
  const limits = { absoluteSeconds: 1e9, idleSeconds: null, retentionSeconds: 1e9 };
  return { session, persistent: true, limits: { ...limits, atCap: 'evict' } } as const;
}

/** What a client keeps: shared by all of its tabs. */
interface Kept {
  refresh: number;
  access: { generation: number; expires: number };
}

export interface Schedule {
  readonly seed: number;
  readonly server: OpenServer;
  readonly seconds: number;
  /** Who copies the storage, and uses the copy, or sends the copied token again and again and keeps no answer. */
  readonly thief?: 'independent' | 'repeating';
  /** How much longer the pauses of the clients are. Default: 1. */
  readonly calm?: number;
  /** What part of the sights is lost, and of requests and answers. */
  readonly lostSights?: number;
}

export interface Outcome {
  /** Why an owner was refused; `undefined`: none was. */
  readonly refused: string | undefined;
  readonly rotations: number;
  readonly ended: string | null;
}

/**
 * One random schedule: an owner whose tabs share a storage, a network that drops and delays, crashes, sights that are
 * flushed later or lost, and a thief who copies the storage. Time is made up, and all of it comes from the seed.
 */
export async function play(schedule: Schedule): Promise<Outcome> {
  return new Play(schedule, await schedule.server()).run();
}

class Play {
  private readonly agenda: Agenda;
  private refused: string | undefined;
  private ended: string | null = null;
  private latest = 0;
  private readonly drop: number;

  constructor(
    private readonly schedule: Schedule,
    private readonly server: Server,
  ) {
    this.agenda = new Agenda(schedule.seed);
    this.drop = 0.1 + 0.2 * this.agenda.chance();
  }

  async run(): Promise<Outcome> {
    const { agenda, schedule } = this;
    const owner = new Client(this.newKept());
    const tabs = 2 + Math.floor(agenda.chance() * 7);
    for (let tab = 0; tab < tabs; tab += 1)
      agenda.after(5 * agenda.chance(), () => this.use(owner));
    agenda.after(schedule.seconds * agenda.chance(), () => owner.crash(agenda.now));
    if (schedule.thief)
      agenda.after(schedule.seconds * 0.1 * agenda.chance(), () => this.steal(owner));
    await agenda.run(schedule.seconds, () => this.ended !== null || this.refused !== undefined);
    return { refused: this.refused, rotations: this.latest, ended: this.ended };
  }

  private newKept(): Kept {
    return { refresh: 0, access: { generation: 0, expires: ACCESS_LIFE } };
  }

  private steal({ kept }: Client): void {
    const thief = new Client(structuredClone(kept), 'thief');
    const insists = this.schedule.thief === 'repeating';
    this.agenda.after(300 * this.agenda.chance(), () =>
      insists ? this.insist(thief) : this.use(thief),
    );
  }

  /** A tab works: it calls with the access token, and refreshes when that is due, or when it is eager. */
  private use(client: Client): void {
    const { agenda, schedule } = this;
    const { access } = client.kept;
    const isOver = agenda.now >= access.expires;
    if (!isOver) agenda.after(0, () => this.call(access.generation));
    const eagerness = client.who === 'thief' ? 0.2 : 0.5;
    if (access.expires - agenda.now < 60 || agenda.chance() < eagerness) this.refresh(client, 0);
    const pause = (agenda.chance() < 0.9 ? 20 : 200) * (schedule.calm ?? 1);
    agenda.after(pause * agenda.chance() * (client.who === 'thief' ? 5 : 1), () =>
      this.use(client),
    );
  }

  /** Comes before each sight, so that none is ever due. */
  private async insist(thief: Client): Promise<void> {
    const { agenda } = this;
    const answer = await this.server.refresh(thief.kept.refresh, agenda.now);
    if (this.isRefused(thief, answer)) return;
    agenda.after(20 + 39 * agenda.chance(), () => this.insist(thief));
  }

  private async call(generation: number): Promise<void> {
    const { agenda, server, schedule } = this;
    if (!(await server.isSightDue(generation, agenda.now))) return;
    if (agenda.chance() < (schedule.lostSights ?? 0)) return;
    agenda.after(2 * agenda.chance(), () => server.noteSight(generation, agenda.now));
  }

  private refresh(client: Client, attempts: number): void {
    const { agenda } = this;
    const sent = client.kept.refresh;
    const life = client.life;
    const [lostRequest, lostAnswer] = [agenda.chance() < this.drop, agenda.chance() < this.drop];
    if (!lostRequest) {
      agenda.after(this.delay(), async () => {
        const answer = await this.server.refresh(sent, agenda.now);
        if (this.isRefused(client, answer) || lostAnswer) return;
        const { now } = agenda;
        agenda.after(this.delay(), () => client.store({ answer, issued: now, life }, agenda.now));
      });
    }
    if ((lostRequest || lostAnswer) && attempts < 5) {
      agenda.after(this.pauseBeforeRetry(), () => this.refresh(client, attempts + 1));
    }
  }

  /** Up to half of the grace for each way. */
  private delay(): number {
    const { agenda } = this;
    const kind = agenda.chance();
    return agenda.chance() * (kind < 0.7 ? 0.2 : kind < 0.95 ? 3 : 0.46 * GRACE);
  }

  private pauseBeforeRetry(): number {
    const kind = this.agenda.chance();
    return this.agenda.chance() * (kind < 0.5 ? 5 : kind < 0.85 ? 120 : 3600);
  }

  private isRefused(client: Client, { refused, generation = 0 }: Answer): boolean {
    this.latest = Math.max(this.latest, generation);
    if (refused === undefined) return false;
    if (client.who === 'owner') this.refused ??= refused;
    // Nothing else ends a session here.
    if (refused === 'refresh_reused' || refused === 'session_ahead') this.ended = refused;
    return true;
  }
}

class Client {
  /** How often it was restarted. An answer to an earlier life reaches nobody. */
  life = 0;
  private durable: Kept;
  private writes: { readonly at: number; readonly kept: Kept }[] = [];

  constructor(
    public kept: Kept,
    readonly who: 'owner' | 'thief' = 'owner',
  ) {
    this.durable = structuredClone(kept);
  }

  store(
    { answer, issued, life }: { answer: Answer; issued: number; life: number },
    now: number,
  ): void {
    if (life !== this.life) return;
    this.kept = {
      refresh: answer.refreshToken ?? this.kept.refresh,
      access: { generation: answer.generation!, expires: issued + ACCESS_LIFE },
    };
    this.writes.push({ at: now, kept: this.kept });
  }

  /** What was written last may be lost. */
  crash(now: number): void {
    for (const { at, kept } of this.writes) if (at + DURABLE_AFTER <= now) this.durable = kept;
    this.writes = [];
    this.kept = this.durable;
    this.life += 1;
  }
}

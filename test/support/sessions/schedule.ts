import { type InMemoryRows, InMemoryTokenStateStore } from '../../../src/testing/index.js';
import {
  endSession,
  noteRepeat,
  noteSight,
  refreshedOf,
  rotateSession,
  sessionState,
} from '../../../src/testing/in-memory/in-memory-sessions.js';
import type { InMemorySession } from '../../../src/testing/in-memory/in-memory-session.js';
import type { WritableUser } from '../../../src/testing/in-memory/in-memory-rows.js';
import { judgeRefresh } from '../../../src/rule/refresh-rule.js';
import { Agenda } from './agenda.js';
import { newSession } from './new-session.js';

export const GRACE = 60;
const ACCESS_LIFE = 900;
/** Within which a storage that was written may still lose it when the client crashes. */
const DURABLE_AFTER = 30;

/** What a refresh answers: the generation of the new refresh token, or none. */
interface Answer {
  readonly refused?: string;
  readonly refreshToken?: number;
  readonly generation?: number;
}

/** Decides about a refresh token of this generation, and writes. */
export type Server = (session: SessionUnderTest, presented: number, now: number) => Answer;

/** One session of one user, in an in-memory database. */
export class SessionUnderTest {
  readonly rows: InMemoryRows<WritableUser>;
  readonly id: string;
  readonly secretHash: Uint8Array;

  private constructor(rows: InMemoryRows<WritableUser>, id: string, secretHash: Uint8Array) {
    this.rows = rows;
    this.id = id;
    this.secretHash = secretHash;
  }

  static async start(): Promise<SessionUnderTest> {
    const store = new InMemoryTokenStateStore({ now: () => 0 });
    store.add({ id: 'owner', passwordHash: 'hash' });
    const session = newSession();
    const limits = { absoluteSeconds: 1e9, idleSeconds: null, retentionSeconds: 1e9 };
    await store.sessions.start({
      session,
      subject: 'owner',
      userVersion: 0,
      persistent: true,
      limits: { ...limits, atCap: 'evict' },
    });
    return new SessionUnderTest(store.database.rows, session.id, session.secretHash);
  }

  get row(): InMemorySession {
    return this.rows.sessions.get(this.id)!;
  }

  presented(generation: number) {
    return { sessionId: this.id, generation, secretHash: this.secretHash };
  }
}

/** The rotation that ships: the functions of the store in memory, and `judgeRefresh`. */
export const ours: Server = (session, presented, now) => {
  const { rows } = session;
  const at = new Date(now * 1000);
  const token = session.presented(presented);
  const visit = { graceSeconds: GRACE };
  const rotated = rotateSession(rows, token, { visit, now: at });
  if (rotated) return { refreshToken: rotated.generation, generation: rotated.generation };

  const { tokenVersion, passwordChangedAt, logoutAllAt } = rows.users.get('owner')!;
  const verdict = judgeRefresh(
    presented,
    {
      state: { tokenVersion, passwordChangedAt, logoutAllAt },
      active: true,
      everyone: rows.everyone,
      refreshed: refreshedOf(session.row, token, at),
    },
    visit,
  );
  if (!verdict.accepted) {
    if (verdict.ends) endSession(session.row, { reason: verdict.ends, retentionSeconds: 1e9 }, at);
    return { refused: verdict.reason };
  }
  const { generation, repeatsSuccessor, write } = verdict;
  if (write === 'sight') noteSight(rows, token, at);
  if (write === 'repeat') noteRepeat(rows, token, at);
  return { generation, ...(repeatsSuccessor && { refreshToken: generation }) };
};

/** What others do: the grace and the next rotation count from the rotation, and each answer holds a refresh token. */
export const peers: Server = ({ row }, presented, now) => {
  if (row.endedAt !== null) return { refused: 'session_ended' };
  const age = now - Number(row.rotatedAt) / 1000;
  const { generation } = row;
  if (presented === generation && age >= GRACE) {
    row.generation += 1;
    row.rotatedAt = new Date(now * 1000);
    return { refreshToken: generation + 1, generation: generation + 1 };
  }
  const isGood = presented === generation || (presented === generation - 1 && age < GRACE);
  if (isGood) return { refreshToken: generation, generation };
  endSession(row, { reason: 'refresh_reused', retentionSeconds: 1e9 }, new Date(now * 1000));
  return { refused: 'refresh_reused' };
};

/** What a client keeps: shared by all of its tabs. */
interface Kept {
  refresh: number;
  access: { generation: number; expires: number };
}

export interface Schedule {
  readonly seed: number;
  readonly server: Server;
  readonly seconds: number;
  /** Who copies the storage, and uses the copy, or sends the copied token again and again and keeps no answer. */
  readonly thief?: 'independent' | 'repeating';
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
  const session = await SessionUnderTest.start();
  return new Play(schedule, session).run();
}

class Play {
  private readonly agenda: Agenda;
  private refused: string | undefined;
  private readonly drop: number;

  constructor(
    private readonly schedule: Schedule,
    private readonly session: SessionUnderTest,
  ) {
    this.agenda = new Agenda(schedule.seed);
    this.drop = 0.1 + 0.2 * this.agenda.chance();
  }

  run(): Outcome {
    const { agenda, schedule, session } = this;
    const owner = new Client(this.newKept());
    const tabs = 2 + Math.floor(agenda.chance() * 7);
    for (let tab = 0; tab < tabs; tab += 1)
      agenda.after(5 * agenda.chance(), () => this.use(owner));
    agenda.after(schedule.seconds * agenda.chance(), () => owner.crash(agenda.now));
    if (schedule.thief)
      agenda.after(schedule.seconds * 0.1 * agenda.chance(), () => this.steal(owner));
    const isOver = () => session.row.endedAt !== null || this.refused !== undefined;
    agenda.run(schedule.seconds, isOver);
    return {
      refused: this.refused,
      rotations: session.row.generation,
      ended: session.row.endedReason,
    };
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
    const { agenda } = this;
    const { access } = client.kept;
    const isOver = agenda.now >= access.expires;
    if (!isOver) this.call(client, access.generation);
    const eagerness = client.who === 'thief' ? 0.2 : 0.5;
    if (access.expires - agenda.now < 60 || agenda.chance() < eagerness) this.refresh(client, 0);
    const pause = agenda.chance() < 0.9 ? 20 : 200;
    agenda.after(pause * agenda.chance() * (client.who === 'thief' ? 5 : 1), () =>
      this.use(client),
    );
  }

  /** Comes before each sight, so that none is ever due. */
  private insist(thief: Client): void {
    const { agenda, session, schedule } = this;
    const answer = schedule.server(session, thief.kept.refresh, agenda.now);
    if (answer.refused !== undefined) return this.refuse(thief, answer.refused);
    agenda.after(20 + 39 * agenda.chance(), () => this.insist(thief));
  }

  private call(client: Client, generation: number): void {
    const { agenda, session, schedule } = this;
    const at = new Date(agenda.now * 1000);
    const state = sessionState(session.rows, { sessionId: session.id, subject: 'owner' }, at)!;
    if (state.endedReason !== null) return this.refuse(client, `access: ${state.endedReason}`);
    if (!state.isSightDue || state.generation !== generation) return;
    if (agenda.chance() < (schedule.lostSights ?? 0)) return;
    agenda.after(2 * agenda.chance(), () => {
      noteSight(session.rows, { sessionId: session.id, generation }, new Date(agenda.now * 1000));
    });
  }

  private refresh(client: Client, attempts: number): void {
    const { agenda, session, schedule } = this;
    const sent = client.kept.refresh;
    const life = client.life;
    const [lostRequest, lostAnswer] = [agenda.chance() < this.drop, agenda.chance() < this.drop];
    if (!lostRequest) {
      agenda.after(this.delay(), () => {
        const answer = schedule.server(session, sent, agenda.now);
        if (answer.refused !== undefined) return this.refuse(client, answer.refused);
        if (lostAnswer) return;
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

  private refuse(client: Client, reason: string): void {
    if (client.who === 'owner') this.refused ??= reason;
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

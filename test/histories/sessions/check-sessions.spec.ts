import { describe, expect, it } from 'vitest';
import type { Operation } from '../operation.js';
import { checkSessions } from './check-sessions.js';
import type {
  SessionAccess,
  SessionAnswer,
  SessionDeed,
  SessionRefresh,
} from './session-operation.js';
import {
  ABSOLUTE,
  ACCESS_LIFE,
  GRACE,
  IDLE,
  MOST_SESSIONS,
  REPEAT,
  SIGHT,
} from './session-times.js';
import { msOf } from './time-lapse.js';

/** The seconds of the play at the start of these histories. */
const SECOND = 1_800_000_000;
/** How long an operation takes, in seconds of the play. */
const TAKES = 0.1;

/** A user's history as a test writes it down: step by step, in seconds of the play. */
class Told {
  readonly operations: Operation[] = [];
  readonly everyone: Operation[] = [];
  private ids = 0;

  operation(kind: Operation['kind'], at: number, parts: Partial<Operation> = {}): Operation {
    this.ids += 1;
    const fixed = { id: this.ids, client: 0, kind, subject: 'u', outcome: 'done' } as const;
    const times = { invokedAt: msOf(at), completedAt: msOf(at + TAKES) };
    const operation: Operation = { ...fixed, ...times, ...parts };
    (kind === 'everyone' ? this.everyone : this.operations).push(operation);
    return operation;
  }

  start(at = 0, sessionId = 's'): Operation {
    return this.operation('start', at, {
      answer: { ...answer(at, { refresh: 0, sessionId }), checkedAt: msOf(at) },
    });
  }

  refresh(
    at: number,
    presented: number,
    more: { gives?: number; refused?: string; byOwner?: boolean; late?: number } = {},
  ): Operation {
    const { gives, refused, byOwner = true, late = 0 } = more;
    const session: SessionDeed = {
      sessionId: 's',
      byOwner,
      readAt: msOf(at - late),
      refresh: refreshToken(presented),
    };
    if (refused !== undefined) return this.operation('refresh', at, refusal(at, session, refused));
    const given = { refresh: gives, generation: gives ?? presented };
    return this.operation('refresh', at, { session, status: 200, answer: answer(at, given) });
  }

  use(at: number, refused?: string): Operation {
    const session = { sessionId: 's', byOwner: true, access: accessToken(0) };
    if (refused !== undefined) return this.operation('request', at, refusal(at, session, refused));
    return this.operation('request', at, { session, status: 200, answer: answer(at) });
  }

  end(at: number, target = 's', outcome: Operation['outcome'] = 'done'): Operation {
    const session = { sessionId: 's', byOwner: true, access: accessToken(0), target };
    return this.operation('end-session', at, { session, outcome, answer: answer(at) });
  }

  steal(at: number): Operation {
    return this.operation('theft', at, { session: { sessionId: 's' } });
  }

  readRows(at: number, ...rows: NonNullable<Operation['rows']>): Operation {
    return this.operation('read-rows', at, { rows });
  }

  rules(): string[] {
    return checkSessions(this.operations, this.everyone).map(({ rule }) => rule);
  }
}

function refusal(at: number, session: SessionDeed, reason: string): Partial<Operation> {
  return { session, outcome: 'refused', status: 401, reason, answer: answer(at) };
}

function answer(
  at: number,
  given: { refresh?: number | undefined; generation?: number; sessionId?: string } = {},
): SessionAnswer {
  const { refresh, generation = refresh, sessionId = 's' } = given;
  return {
    nodeTime: (SECOND + at) * 1000,
    ...(generation !== undefined && { access: { ...accessToken(generation), sessionId } }),
    ...(refresh !== undefined && { refresh: { ...refreshToken(refresh), sessionId } }),
  };
}

function accessToken(generation: number): SessionAccess {
  const versions = { version: 0, everyoneVersion: 0, authTime: SECOND };
  const expires = SECOND + ACCESS_LIFE;
  return { sessionId: 's', generation, ...versions, expires, text: `access ${generation}` };
}

function refreshToken(generation: number): SessionRefresh {
  return { sessionId: 's', generation, text: `refresh ${generation}` };
}

/** A session that was rotated once, at 200, and whose new token was seen, at 300. */
function seenOnce(): Told {
  const told = new Told();
  told.start();
  told.refresh(200, 0, { gives: 1 });
  told.refresh(300, 1);
  return told;
}

describe('checkSessions: access tokens', () => {
  it('are accepted until their session is over', () => {
    const told = new Told();
    told.start();
    told.use(1);
    expect(told.rules()).toEqual([]);
    told.end(2);
    told.use(3, 'session_ended');
    expect(told.rules()).toEqual([]);
    told.use(4);
    expect(told.rules()).toEqual(['accepted after its session was over']);
  });

  it('may be accepted or refused while it is being ended, or when nobody knows whether it was', () => {
    const told = new Told();
    told.start();
    told.end(2, 's', 'unknown');
    told.use(3);
    told.use(4, 'session_ended');
    expect(told.rules()).toEqual([]);
  });

  it('are not refused when nothing ended the session, least of all when somebody ended another one', () => {
    const told = new Told();
    told.start();
    told.end(2, 'other');
    told.use(3, 'session_ended');
    expect(told.rules()).toEqual(['live token refused']);
  });

  it('expire by the clock of the node', () => {
    const told = new Told();
    told.start();
    told.refresh(ACCESS_LIFE - 60, 0, { gives: 1 });
    told.use(ACCESS_LIFE + 1, 'token_expired');
    expect(told.rules()).toEqual([]);
    told.use(ACCESS_LIFE - 9, 'token_expired');
    expect(told.rules()).toEqual(['live token refused']);
  });

  it('end with their session by the clock of the database', () => {
    const told = new Told();
    told.start();
    told.refresh(ABSOLUTE - 200, 0, { gives: 1 });
    told.use(ABSOLUTE - 10, 'session_expired');
    expect(told.rules()).toEqual(['live token refused']);
    told.operations.pop();
    told.use(ABSOLUTE + 10, 'session_expired');
    expect(told.rules()).toEqual([]);
    told.use(ABSOLUTE + 20);
    expect(told.rules()).toEqual(['accepted after its session was over']);
  });

  it('are refused once nothing has used the session for too long', () => {
    const told = new Told();
    told.start();
    told.use(IDLE - 10, 'session_idle');
    expect(told.rules()).toEqual(['live token refused']);
    told.operations.pop();
    told.use(IDLE + 1, 'session_idle');
    expect(told.rules()).toEqual([]);
  });

  it('are refused after an invalidation of the user, and after that of everyone', () => {
    const told = new Told();
    told.start();
    told.operation('invalidate', 2, { receipt: { version: 1, effectiveAt: 0 } });
    told.use(3, 'logged_out_everywhere');
    expect(told.rules()).toEqual([]);
    told.use(4);
    expect(told.rules()).toEqual(['accepted after an invalidation']);
    told.operations.splice(1);
    told.operation('everyone', 5, { receipt: { version: 1, effectiveAt: 0 } });
    told.use(6);
    expect(told.rules()).toEqual(['accepted after everyone was logged out']);
  });

  it('of a login that was under way when everyone was logged out have the version that they show', () => {
    const told = new Told();
    told.start(2);
    told.operation('everyone', 1, {
      completedAt: msOf(3),
      receipt: { version: 1, effectiveAt: 0 },
    });
    told.use(4);
    expect(told.rules()).toEqual(['accepted after everyone was logged out']);
  });

  it('are refused while the user is disabled, and accepted again afterwards', () => {
    const told = new Told();
    told.start();
    told.operation('activation', 2, { active: false });
    told.use(3, 'user_inactive');
    told.operation('activation', 4, { active: true });
    told.use(5);
    expect(told.rules()).toEqual([]);
    told.use(3.5);
    expect(told.rules()).toEqual(['accepted while inactive']);
    told.operations.pop();
    told.use(6, 'user_inactive');
    expect(told.rules()).toEqual(['live token refused']);
  });

  it('end with their user', () => {
    const told = new Told();
    told.start();
    told.operation('delete-user', 2);
    told.use(3, 'user_unknown');
    expect(told.rules()).toEqual([]);
    told.use(4);
    expect(told.rules()).toEqual(['accepted after its session was over']);
  });

  it('may be refused when a login may have gone over the number of sessions', () => {
    const told = new Told();
    for (let at = 0; at < MOST_SESSIONS; at += 1) told.start(at, at === 0 ? 's' : `s${at}`);
    told.use(20, 'session_ended');
    expect(told.rules()).toEqual(['live token refused']);
    told.start(10, 'one more');
    expect(told.rules()).toEqual([]);
    told.end(9, 's1');
    expect(told.rules()).toEqual(['live token refused']);
    told.operations.pop();
    told.use(12);
    expect(told.rules()).toEqual(['live token refused']);
  });

  it('get 503, and no other error', () => {
    const told = new Told();
    told.start();
    const first = told.use(1);
    told.operations.push({ ...first, id: 90, outcome: 'unknown', status: 503 });
    expect(told.rules()).toEqual([]);
    told.operations.push({ ...first, id: 91, outcome: 'unknown', status: 500 });
    expect(told.rules()).toEqual(['answer of no kind']);
  });
});

describe('checkSessions: the owner', () => {
  it('gets the same successor however often, and whenever, the answer was lost', () => {
    const told = new Told();
    told.start();
    for (const at of [150, 151, 170, 400]) told.refresh(at, 0, { gives: 1 });
    expect(told.rules()).toEqual([]);
    told.refresh(401, 0, { gives: 2 });
    expect(told.rules()).toEqual(['two successors of one refresh token']);
  });

  it('gets no refresh token without a rotation', () => {
    const told = new Told();
    told.start();
    told.refresh(10, 0, { gives: 0 });
    expect(told.rules()).toEqual(['refresh token without a rotation']);
  });

  it('is never refused while the session may be live', () => {
    const told = seenOnce();
    told.refresh(310, 0, { refused: 'refresh_reused' });
    expect(told.rules()).toEqual(['honest client refused']);
  });

  it('is not refused as somebody else, although something else may have ended the session', () => {
    const told = seenOnce();
    told.end(305, 's', 'unknown');
    told.refresh(310, 0, { refused: 'session_ended' });
    expect(told.rules()).toEqual([]);
    told.refresh(311, 0, { refused: 'refresh_reused' });
    expect(told.rules()).toEqual(['honest client refused']);
  });

  it('is found refused once, although all tabs are refused at once', () => {
    const told = seenOnce();
    const tab = told.refresh(310, 0, { refused: 'refresh_reused' });
    told.operations.push({ ...tab, id: 90, invokedAt: tab.invokedAt + 0.1 });
    expect(told.rules()).toEqual(['honest client refused']);
  });

  it('may be refused when the request was under way for longer than the grace', () => {
    const told = seenOnce();
    told.refresh(300 + GRACE + 50, 0, { refused: 'refresh_reused', late: GRACE + 1 });
    expect(told.rules()).toEqual([]);
  });

  it('may be refused when somebody else has the refresh token', () => {
    const told = seenOnce();
    told.steal(305);
    told.refresh(310, 0, { refused: 'refresh_reused' });
    expect(told.rules()).toEqual([]);
  });

  it('is not refused when the database lost a rotation', () => {
    const told = seenOnce();
    told.operation('lost-rotation', 305, { session: { sessionId: 's' } });
    told.refresh(310, 1, { refused: 'session_ahead' });
    expect(told.rules()).toEqual(['honest client refused']);
  });

  it('gets access tokens of the versions and the login of the session', () => {
    const told = new Told();
    told.start();
    const operation = told.refresh(150, 0, { gives: 1 });
    const { access, ...more } = operation.answer!;
    for (const change of [{ version: 1 }, { authTime: 1 }, { everyoneVersion: 1 }]) {
      told.operations[1] = { ...operation, answer: { ...more, access: { ...access!, ...change } } };
      expect(told.rules()).toEqual(['token differs from its session']);
    }
  });
});

describe('checkSessions: a thief', () => {
  it('is found when the later token was seen to be kept, and the grace is over', () => {
    const told = seenOnce();
    told.steal(305);
    told.refresh(300 + GRACE - 10, 0, { gives: 1, byOwner: false });
    expect(told.rules()).toEqual([]);
    told.refresh(300 + GRACE + 10, 0, { gives: 1, byOwner: false });
    expect(told.rules()).toEqual(['old refresh token accepted']);
  });

  it('is found when two rotations behind', () => {
    const told = seenOnce();
    told.refresh(500, 1, { gives: 2 });
    told.refresh(501, 0, { gives: 1, byOwner: false });
    expect(told.rules()).toEqual(['old refresh token accepted']);
  });

  it('need not be found by a use that came too soon after the token was given out again', () => {
    const told = new Told();
    told.start();
    told.refresh(200, 0, { gives: 1 });
    told.refresh(300 - SIGHT + REPEAT, 0, { gives: 1 });
    told.refresh(300, 1);
    told.refresh(300 + GRACE + 10, 0, { gives: 1, byOwner: false });
    expect(told.rules()).toEqual([]);
  });

  it('ends the session, for the owner as well', () => {
    const told = seenOnce();
    told.steal(305);
    told.refresh(400, 0, { refused: 'refresh_reused', byOwner: false });
    told.refresh(401, 1, { refused: 'session_ended' });
    expect(told.rules()).toEqual([]);
    told.refresh(402, 1);
    expect(told.rules()).toEqual(['accepted after its session was over']);
  });

  it('is no matter of a session that is over', () => {
    const told = seenOnce();
    told.end(310);
    told.refresh(320, 0, { refused: 'session_ended', byOwner: false });
    expect(told.rules()).toEqual([]);
    told.refresh(330, 0, { refused: 'refresh_reused', byOwner: false });
    expect(told.rules()).toEqual(['reuse of a session that is over']);
  });
});

describe('checkSessions: rows', () => {
  const live = { id: 's', generation: 1, ended: false, live: true };

  it('are those of the logins, and of logins without an answer', () => {
    const told = seenOnce();
    told.readRows(310, live);
    expect(told.rules()).toEqual([]);
    const more = { id: 'more', generation: 0, ended: false, live: true };
    told.readRows(320, live, more);
    expect(told.rules()).toEqual(['row without a login']);
    told.operation('start', 311, { outcome: 'unknown' });
    expect(told.rules()).toEqual([]);
  });

  it('are no more than are allowed, once a login had no other one at its side', () => {
    const told = new Told();
    const ids = Array.from({ length: MOST_SESSIONS + 1 }, (_, index) => `s${index}`);
    const starts = ids.map((id, index) => told.start(index, id));
    const rows = ids.map((id) => ({ id, generation: 0, ended: false, live: true }));
    told.readRows(20, ...rows.with(0, { ...rows[0]!, live: false }));
    expect(told.rules()).toEqual([]);
    told.readRows(21, ...rows);
    expect(told.rules()).toEqual(['more sessions than allowed']);
    const last = starts.at(-1)!;
    told.operations.push({ ...last, id: 90, outcome: 'unknown', answer: { nodeTime: 0 } });
    expect(told.rules()).toEqual([]);
  });

  it('never come back: neither to life nor to an older generation', () => {
    const told = seenOnce();
    told.readRows(310, { ...live, generation: 0 });
    expect(told.rules()).toEqual(['state moved back']);
    told.operations.pop();
    told.end(310);
    told.readRows(320, live);
    expect(told.rules()).toEqual(['state moved back']);
  });
});

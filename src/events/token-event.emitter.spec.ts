import { Logger } from '@nestjs/common';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { until } from '../../test/support/until.js';
import type { TokenClaims } from '../rule/claims.js';
import { refusal } from '../rule/refusal.js';
import type { SessionEvent } from './session-event.js';
import { TokenEventEmitter } from './token-event.emitter.js';
import {
  type InvalidationEvent,
  type RefusalEvent,
  type RevocationEvent,
  TokenEventListener,
} from './token-event.listener.js';

const INVALIDATION: InvalidationEvent = {
  reason: 'logged_out_everywhere',
  subject: 'anna',
  version: 4,
  effectiveAt: new Date(0),
};
const REFUSAL = refusal('token_expired');
const CLAIMS: TokenClaims = { sub: 'anna', iat: 0, exp: 900, ver: 3, jti: 'the-token' };

let errors: unknown[][];
let warnings: string[];

beforeEach(() => {
  errors = [];
  warnings = [];
  Logger.overrideLogger({
    log() {},
    warn: (message) => warnings.push(message),
    error: (...line) => errors.push(line),
  });
});

type AnyEvent = InvalidationEvent | RefusalEvent;

/** A listener that does this on each event. */
function listenerOf(react: (event: AnyEvent) => unknown): TokenEventListener {
  class Listener extends TokenEventListener {
    override invalidated(event: InvalidationEvent) {
      return react(event) as void;
    }

    override refused(event: RefusalEvent) {
      return react(event) as void;
    }
  }
  return new Listener();
}

/** An emitter with these subscribers. */
function emitterFor(...listeners: TokenEventListener[]): TokenEventEmitter {
  const emitter = new TokenEventEmitter();
  for (const listener of listeners) emitter.subscribe(listener);
  return emitter;
}

const EMIT = {
  invalidated: (emitter: TokenEventEmitter) => emitter.emitInvalidation(INVALIDATION),
  refused: (emitter: TokenEventEmitter) => emitter.emitRefusal(REFUSAL),
};
const NAMES = Object.keys(EMIT) as (keyof typeof EMIT)[];

function fail(): never {
  throw new Error('the audit log is full');
}

describe('TokenEventEmitter', () => {
  it('passes each event on, at once', () => {
    const received: AnyEvent[] = [];
    const emitter = emitterFor(listenerOf((event) => received.push(event)));
    emitter.emitInvalidation(INVALIDATION);
    emitter.emitRefusal(REFUSAL);
    expect(received).toStrictEqual([INVALIDATION, { reason: 'token_expired' }]);
    expect(errors).toEqual([]);
  });

  it('calls the listener as its method', () => {
    class Counter extends TokenEventListener {
      count = 0;

      override refused() {
        this.count += 1;
      }
    }
    const counter = new Counter();
    emitterFor(counter).emitRefusal(REFUSAL);
    expect(counter.count).toBe(1);
  });

  it('accepts a listener that overrides nothing', () => {
    const emitter = emitterFor(new TokenEventListener());
    for (const name of NAMES) expect(EMIT[name](emitter)).toBeUndefined();
    expect(errors).toEqual([]);
  });

  it('emits to nobody without complaint', () => {
    const emitter = new TokenEventEmitter();
    for (const name of NAMES) expect(EMIT[name](emitter)).toBeUndefined();
    expect(errors).toEqual([]);
  });

  it.each(NAMES)('logs what the listener throws in %s, and goes on', (name) => {
    const failure = new Error('the audit log is full');
    const emitter = emitterFor(
      listenerOf(() => {
        throw failure;
      }),
    );
    EMIT[name](emitter);
    expect(errors).toEqual([[`TokenEventListener.${name}() failed`, failure, 'TokenInvalidation']]);
  });

  it.each(NAMES)(
    'logs a rejection of an async listener in %s, which would end the process',
    async (name) => {
      const unhandled: unknown[] = [];
      const note = (reason: unknown) => unhandled.push(reason);
      process.on('unhandledRejection', note);
      EMIT[name](emitterFor(listenerOf(async () => fail())));
      await new Promise((resolve) => setImmediate(resolve));
      process.off('unhandledRejection', note);
      expect(unhandled).toEqual([]);
      expect(errors).toHaveLength(1);
      expect(errors[0]![0]).toBe(`TokenEventListener.${name}() failed`);
    },
  );

  it('does not wait for an async listener', () => {
    const emitter = emitterFor(listenerOf(() => new Promise(() => {})));
    for (const name of NAMES) expect(EMIT[name](emitter)).toBeUndefined();
  });
});

describe('subscribers', () => {
  it.each(NAMES)('all get every event, in the order of their subscription: %s', (name) => {
    const calls: string[] = [];
    const listeners = ['audit', 'metrics', 'sockets'].map((who) =>
      listenerOf(() => calls.push(who)),
    );
    const emitter = emitterFor(...listeners);
    EMIT[name](emitter);
    EMIT[name](emitter);
    expect(calls).toEqual(['audit', 'metrics', 'sockets', 'audit', 'metrics', 'sockets']);
  });

  it.each(NAMES)('do not suffer from one that fails: %s', async (name) => {
    const calls: string[] = [];
    const emitter = emitterFor(
      listenerOf(fail),
      listenerOf(() => calls.push('second')),
      listenerOf(async () => fail()),
      listenerOf(() => calls.push('last')),
    );
    EMIT[name](emitter);
    expect(calls).toEqual(['second', 'last']);
    await new Promise((resolve) => setImmediate(resolve));
    expect(errors).toHaveLength(2);
  });

  it('get nothing once they have unsubscribed, and nothing from before', () => {
    const received: string[] = [];
    const emitter = emitterFor(listenerOf(() => received.push('stays')));
    emitter.emitRefusal(REFUSAL);
    const unsubscribe = emitter.subscribe(listenerOf(() => received.push('leaves')));
    emitter.emitRefusal(REFUSAL);
    unsubscribe();
    emitter.emitRefusal(REFUSAL);
    expect(received).toEqual(['stays', 'stays', 'leaves', 'stays']);
  });

  it('may unsubscribe twice, and while they get an event', () => {
    const received: string[] = [];
    const emitter = new TokenEventEmitter();
    const unsubscribe = emitter.subscribe(
      listenerOf(() => {
        received.push('once');
        unsubscribe();
      }),
    );
    emitter.subscribe(listenerOf(() => received.push('always')));
    emitter.emitRefusal(REFUSAL);
    emitter.emitRefusal(REFUSAL);
    unsubscribe();
    expect(received).toEqual(['once', 'always', 'always']);
  });

  it('are asked for before anybody asks whether an event was committed', async () => {
    const emitter = new TokenEventEmitter();
    const committed = vi.fn<() => Promise<boolean>>(async () => true);
    emitter.emitInvalidation(INVALIDATION, committed);
    expect(committed).not.toHaveBeenCalled();

    const invalidated = vi.fn<(event: InvalidationEvent) => void>();
    emitter.subscribe({ invalidated, refused: () => {} });
    emitter.emitInvalidation(INVALIDATION, committed);
    await until('the event comes', () => invalidated.mock.calls.length > 0);
    expect(invalidated).toHaveBeenCalledExactlyOnceWith(INVALIDATION);
    expect(committed).toHaveBeenCalledOnce();
  });

  it('get no event, and the log an error, when nobody can say whether it was committed', async () => {
    const emitter = new TokenEventEmitter();
    const invalidated = vi.fn<(event: InvalidationEvent) => void>();
    emitter.subscribe({ invalidated, refused: () => {} });
    emitter.emitInvalidation(INVALIDATION, () => Promise.reject(new Error('store')));
    await until('an error is logged', () => errors.length > 0);
    expect(errors).toEqual([
      [
        'Whether a write was committed is not known: no event',
        new Error('store'),
        'TokenInvalidation',
      ],
    ]);
    expect(invalidated).not.toHaveBeenCalled();
  });
});

const ENDED: SessionEvent = {
  kind: 'ended',
  reason: 'logged_out',
  subject: 'anna',
  sessionId: 'the-session',
};
const REVOKED: RevocationEvent = { subject: 'anna', jti: 'the-token', expiresAt: new Date(900) };

/** An emitter whose listener keeps what comes of sessions and of revoked tokens. */
function collecting(react: () => unknown = () => {}) {
  const received: object[] = [];
  class Listener extends TokenEventListener {
    override session(event: SessionEvent): void {
      received.push(event);
      react();
    }

    override revoked(event: RevocationEvent): void {
      received.push(event);
      react();
    }
  }
  return { received, emitter: emitterFor(new Listener()) };
}

type Emit = (emitter: TokenEventEmitter, committed?: () => Promise<boolean>) => void;

describe.each<[string, name: string, event: object, emit: Emit]>([
  ['a session', 'session', ENDED, (emitter, committed) => emitter.emitSession(ENDED, committed)],
  [
    'a revoked token',
    'revoked',
    REVOKED,
    (emitter, committed) => emitter.emitRevocation(REVOKED, committed),
  ],
])('the event of %s', (_, name, event, emit) => {
  it('comes at once where it has happened', () => {
    const { received, emitter } = collecting();
    emit(emitter);
    expect(received).toEqual([event]);
  });

  it.each([
    ['comes once its write was committed', true, [event]],
    ['never comes where its write was rolled back', false, []],
  ])('%s', async (__, happened, expected) => {
    const { received, emitter } = collecting();
    let settle!: (committed: boolean) => void;
    const committed = new Promise<boolean>((resolve) => (settle = resolve));
    emit(emitter, () => committed);
    expect(received).toEqual([]);
    settle(happened);
    await new Promise((resolve) => setImmediate(resolve));
    expect(received).toEqual(expected);
  });

  it('is logged with its name where the listener fails', () => {
    emit(collecting(fail).emitter);
    expect(errors).toEqual([
      [`TokenEventListener.${name}() failed`, expect.any(Error), 'TokenInvalidation'],
    ]);
  });

  it('is nothing to a listener of other events', () => {
    emit(emitterFor({ invalidated: () => {}, refused: () => {} }));
    expect(errors).toEqual([]);
  });
});

/** The event that a listener gets. */
const eventOf = (...given: Parameters<TokenEventEmitter['emitRefusal']>) => {
  const received: AnyEvent[] = [];
  emitterFor(listenerOf((event) => received.push(event))).emitRefusal(...given);
  return received[0];
};

describe('the event of a refusal', () => {
  it('names the subject and the id of a token that was verified', () => {
    expect(eventOf(REFUSAL, CLAIMS)).toStrictEqual({
      reason: 'token_expired',
      subject: 'anna',
      jti: 'the-token',
    });
  });

  it('names neither where nothing was verified, and says what was wrong', () => {
    expect(eventOf(refusal('token_invalid', { detail: 'wrong signature' }))).toStrictEqual({
      reason: 'token_invalid',
      detail: 'wrong signature',
    });
  });

  it.each([[undefined], [null], [7], [['the-token']], [{}]])('names no id that is %j', (jti) => {
    const claims = { ...CLAIMS, jti } as unknown as TokenClaims;
    expect(eventOf(REFUSAL, claims)).toStrictEqual({ reason: 'token_expired', subject: 'anna' });
  });

  it('holds no other claim, and not the hint', () => {
    const refused = refusal('claims_invalid', { detail: 'd', hint: 'not_issued_here' });
    expect(eventOf(refused, { ...CLAIMS, role: 'admin' })).toStrictEqual({
      reason: 'claims_invalid',
      detail: 'd',
      subject: 'anna',
      jti: 'the-token',
    });
  });
});

describe('the hint in the log', () => {
  const foreign = refusal('claims_invalid', {
    detail: '"ver" is missing',
    hint: 'not_issued_here',
  });

  it('comes with the first token that TokenIssuer did not sign, and never again', () => {
    const emitter = emitterFor(new TokenEventListener());
    emitter.emitRefusal(foreign);
    expect(warnings).toEqual([
      expect.stringContaining('"ver" is missing: was it signed by TokenIssuer?'),
    ]);
    expect(warnings[0]).toContain('legacyUntil');
    emitter.emitRefusal(foreign);
    expect(warnings).toHaveLength(1);
  });

  it('comes without a subscriber too', () => {
    new TokenEventEmitter().emitRefusal(foreign);
    expect(warnings).toHaveLength(1);
  });

  it('does not come with other refusals, and is not used up by them', () => {
    const emitter = emitterFor(new TokenEventListener());
    emitter.emitRefusal(REFUSAL);
    emitter.emitRefusal(refusal('token_invalid', { detail: 'wrong signature' }));
    expect(warnings).toEqual([]);
    emitter.emitRefusal(foreign);
    expect(warnings).toHaveLength(1);
  });

  it('comes once for each application of the process', () => {
    for (const emitter of [new TokenEventEmitter(), new TokenEventEmitter()]) {
      emitter.emitRefusal(foreign);
    }
    expect(warnings).toHaveLength(2);
  });
});

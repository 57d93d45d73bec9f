import { Logger } from '@nestjs/common';
import { beforeEach, describe, expect, it } from 'vitest';
import { FOREIGN_TOKEN } from '../rule/refusal.js';
import {
  type InvalidationEvent,
  type RefusalEvent,
  TokenEventListener,
} from './token-event.listener.js';
import { TokenEvents } from './token-events.js';

const INVALIDATION: InvalidationEvent = {
  reason: 'logged_out_everywhere',
  subject: 'anna',
  version: 4,
  effectiveAt: new Date(0),
  pending: false,
};
const REFUSAL: RefusalEvent = { reason: 'token_expired', subject: 'anna' };

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

/** What the application does on each event. */
function listening(react: (event: InvalidationEvent | RefusalEvent) => unknown): TokenEvents {
  class Listener extends TokenEventListener {
    override invalidated(event: InvalidationEvent) {
      return react(event) as void;
    }

    override refused(event: RefusalEvent) {
      return react(event) as void;
    }
  }
  return new TokenEvents(new Listener());
}

describe('TokenEvents', () => {
  it('hands each event to the listener, at once and as it is', () => {
    const heard: unknown[] = [];
    const events = listening((event) => heard.push(event));
    events.invalidated(INVALIDATION);
    events.refused(REFUSAL);
    expect(heard).toHaveLength(2);
    expect(heard[0]).toBe(INVALIDATION);
    expect(heard[1]).toBe(REFUSAL);
    expect(errors).toEqual([]);
  });

  it('calls the listener as a method of its own', () => {
    class Counter extends TokenEventListener {
      count = 0;

      override refused() {
        this.count += 1;
      }
    }
    const counter = new Counter();
    new TokenEvents(counter).refused(REFUSAL);
    expect(counter.count).toBe(1);
  });

  it('is content with a listener that overrides nothing', () => {
    const events = new TokenEvents(new TokenEventListener());
    expect(events.invalidated(INVALIDATION)).toBeUndefined();
    expect(events.refused(REFUSAL)).toBeUndefined();
  });

  it.each(['invalidated', 'refused'] as const)(
    'logs what the listener throws in %s, and goes on',
    (what) => {
      const failure = new Error('the audit log is full');
      const events = listening(() => {
        throw failure;
      });
      events[what](what === 'refused' ? (REFUSAL as never) : (INVALIDATION as never));
      expect(errors).toEqual([
        [`TokenEventListener.${what}() failed`, failure, 'TokenInvalidation'],
      ]);
    },
  );

  it('logs a rejection of an async listener, which would end the process', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', note);
    listening(() => Promise.reject(new Error('the audit log is full'))).refused(REFUSAL);
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
    expect(errors).toHaveLength(1);
    expect(errors[0]![0]).toBe('TokenEventListener.refused() failed');
  });

  it('does not wait for an async listener', () => {
    const events = listening(() => new Promise(() => {}));
    expect(events.refused(REFUSAL)).toBeUndefined();
  });
});

describe('the hint in the log', () => {
  const foreign: RefusalEvent = {
    reason: 'claims_invalid',
    detail: `"ver" is missing: ${FOREIGN_TOKEN}`,
  };

  it('comes with the first token that somebody else signed, and never again', () => {
    const events = new TokenEvents(new TokenEventListener());
    events.refused(foreign);
    expect(warnings).toEqual([
      expect.stringContaining('"ver" is missing: was the token signed by'),
    ]);
    expect(warnings[0]).toContain('legacyUntil');
    events.refused(foreign);
    expect(warnings).toHaveLength(1);
  });

  it('does not come with other refusals, and is not used up by them', () => {
    const events = new TokenEvents(new TokenEventListener());
    events.refused(REFUSAL);
    events.refused({ reason: 'token_invalid', detail: 'invalid signature' });
    expect(warnings).toEqual([]);
    events.refused(foreign);
    expect(warnings).toHaveLength(1);
  });

  it('comes once for each application of the process', () => {
    for (const events of [1, 2].map(() => new TokenEvents(new TokenEventListener()))) {
      events.refused(foreign);
    }
    expect(warnings).toHaveLength(2);
  });

  it('leaves the event to the listener as it is', () => {
    const heard: unknown[] = [];
    listening((event) => heard.push(event)).refused(foreign);
    expect(heard[0]).toBe(foreign);
  });
});

import { FrozenClock } from 'nestjs-token-invalidation/testing';
import { describe, expect, it } from 'vitest';
import { ControlledStore, type ControlledUser } from '../../test/support/controlled-store.js';
import { hmacKey, SECOND } from '../../test/support/signed-tokens.js';
import { TokenEventEmitter } from '../events/token-event.emitter.js';
import type { RefusalEvent } from '../events/token-event.listener.js';
import { KeySet } from '../keys/key-set.js';
import { StrictReader } from '../state/strict-reader.js';
import { StampVerifier } from './stamp-verifier.service.js';
import { TokenIssuer } from './token-issuer.service.js';
import { TokenVerifier } from './token-verifier.service.js';

const ANNA: ControlledUser = {
  id: 'anna',
  tokenVersion: 3,
  passwordChangedAt: null,
  logoutAllAt: null,
};

/** A verifier with all that it works with, and a clock that the test moves. */
function setUp() {
  const clock = new FrozenClock(SECOND * 1000);
  const store = new ControlledStore();
  const events = new TokenEventEmitter();
  const refusals: RefusalEvent[] = [];
  events.subscribe({ refused: (event) => void refusals.push(event), invalidated: () => {} });
  const stamps = new StampVerifier<ControlledUser>({
    reader: new StrictReader(store, 2000),
    clock,
    events,
    policy: { clockToleranceSeconds: 300, realm: store.realm() },
    isActive: () => true,
    noteSight: () => {},
  });
  const keys = new KeySet([hmacKey]);
  const issuer = new TokenIssuer({ keys, store, clock, expiresInSeconds: 900 });
  return { stamps, issuer, store, clock, refusals };
}

describe('StampVerifier.verify', () => {
  it('accepts what the issuer stamped, with the fresh user, however old it is', async () => {
    const { stamps, issuer, store, clock, refusals } = setUp();
    const stamp = issuer.stampOf(ANNA);
    clock.advance(10 * 365 * 86_400);
    const fresh = { ...ANNA };
    store.answer(fresh);
    const verdict = await stamps.verify({ ...stamp, device: 'phone' });
    expect(verdict).toEqual({
      accepted: true,
      user: fresh,
      claims: expect.objectContaining({ ...stamp, device: 'phone' }),
    });
    expect(verdict.accepted && verdict.user).toBe(fresh);
    expect(refusals).toEqual([]);
  });

  it.each([undefined, null])('refuses none, and reads nothing: %s', async (stamp) => {
    const { stamps, store, refusals } = setUp();
    expect(await stamps.verify(stamp)).toEqual({ accepted: false, reason: 'token_missing' });
    expect(refusals).toEqual([{ reason: 'token_missing' }]);
    expect(store.reads).toEqual([]);
  });

  it('refuses one that has expired, if it has an exp', async () => {
    const { stamps, issuer, store, clock } = setUp();
    const stamp = { ...issuer.stampOf(ANNA), exp: SECOND + 60 };
    store.answer(ANNA);
    expect(await stamps.verify(stamp)).toMatchObject({ accepted: true });
    clock.advance(60);
    expect(await stamps.verify(stamp)).toMatchObject({ reason: 'token_expired' });
  });

  it('refuses one of an earlier version, and reports it', async () => {
    const { stamps, issuer, store, refusals } = setUp();
    store.answer({ ...ANNA, tokenVersion: 4 });
    const verdict = await stamps.verify(issuer.stampOf(ANNA));
    expect(verdict).toEqual({ accepted: false, reason: 'version_stale' });
    expect(refusals).toEqual([{ reason: 'version_stale', subject: 'anna' }]);
  });

  it('asks for a recent login with maxAuthAge', async () => {
    const { stamps, issuer, store, clock } = setUp();
    const stamp = issuer.stampOf(ANNA);
    clock.advance(601);
    store.answer(ANNA);
    expect(await stamps.verify(stamp, { maxAuthAge: '10m' })).toMatchObject({
      reason: 'reauthentication_required',
    });
  });
});

it.each([TokenVerifier, StampVerifier])('callers meet one method: %s', ({ prototype }) => {
  expect(Object.getOwnPropertyNames(prototype)).toEqual(['constructor', 'verify']);
});

import { describe, expect, it } from 'vitest';
import { claimsOf } from '../support/sessions/session-client.js';
import { useNodes } from '../support/sessions/use-nodes.js';

// Every device has an absolute end after 24 hours, and an idle one after an hour.
describe('promise 16: absolute and idle ends hold by the clock of the database', () => {
  const nodes = useNodes({ inThisProcess: true });

  it.each([0, 300, -300])('at a node whose clock is %d s ahead', async (clockOffsetSeconds) => {
    const node =
      clockOffsetSeconds === 0 ? nodes().a : await nodes().startHere({ clockOffsetSeconds });
    const device = await node.logIn(await nodes().createUser());
    // The idle end comes after 3600 s, of which the test itself takes a part.
    await nodes().age(device, 3520);
    const { outcome, access, refresh } = await node.refresh(device.refresh);
    expect(outcome).toBe(200);
    await nodes().age(device, 3600);
    expect(await node.check(access)).toBe('401 session_idle');
    expect((await node.refresh(refresh!)).outcome).toBe('401 session_idle');
    await nodes().age(device, 86_400 - 7120);
    expect(await node.check(access)).toBe('401 session_expired');
    expect((await node.refresh(refresh!)).outcome).toBe('401 session_expired');
  });

  it('no use prolongs the absolute end, and no access token outlives it', async () => {
    const device = await nodes().a.logIn(await nodes().createUser());
    let refreshToken = device.refresh;
    for (let hours = 0; hours < 23.5; hours += 0.5) {
      await nodes().age(device, 1800);
      const answer = await nodes().b.refresh(refreshToken);
      expect(answer.outcome).toBe(200);
      refreshToken = answer.refresh ?? refreshToken;
    }
    await nodes().age(device, 1200);
    const { access } = await nodes().a.refresh(refreshToken);
    const { expiresAt } = await nodes().rowOf(device);
    expect(claimsOf(access)['exp']).toBe(Math.floor(Number(expiresAt) / 1000));
    await nodes().age(device, 600);
    expect((await nodes().b.refresh(refreshToken)).outcome).toBe('401 session_expired');
    expect(await nodes().b.check(device.access)).toBe('401 session_expired');
  });

  it('no SQL puts it off', async () => {
    const device = await nodes().a.logIn(await nodes().createUser());
    const { expiresAt } = await nodes().rowOf(device);
    const set = "expires_at = 'infinity', idle_seconds = NULL";
    await nodes().database.query(
      `UPDATE users_token_sessions SET ${set} WHERE id = $1`,
      device.sid,
    );
    expect((await nodes().rowOf(device)).expiresAt).toEqual(expiresAt);
    await nodes().age(device, 3600);
    expect(await nodes().a.check(device.access)).toBe('401 session_idle');
  });

  it('only use prolongs the idle end: a refresh, and a call that is noted', async () => {
    const device = await nodes().device();
    const { access, refresh } = await nodes().a.refresh(device.refresh);
    await nodes().age(device, 3000);
    expect(await nodes().a.check(access)).toBe(200);
    await nodes().a.flush();
    await nodes().age(device, 3000);
    expect((await nodes().b.refresh(refresh!)).outcome).toBe(200);
    await nodes().age(device, 3000);
    expect(await nodes().b.check(access)).toBe(200);
  });
});

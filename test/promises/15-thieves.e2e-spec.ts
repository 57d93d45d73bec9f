import { describe, expect, it } from 'vitest';
import { type RefreshKey, refreshKeys } from '../../src/sessions/refresh-keys.js';
import { RefreshToken } from '../../src/sessions/refresh-token.js';
import { SECRET } from '../support/app-settings.js';
import type { Device } from '../support/sessions/session-client.js';
import { all } from '../support/sessions/session-nodes.js';
import { useNodes } from '../support/sessions/use-nodes.js';

const [KEY] = refreshKeys([SECRET], []) as [RefreshKey];

describe('promise 15: a copied refresh token is found', () => {
  const nodes = useNodes({
    inThisProcess: true,
    sessions: { absolute: '90 days', idle: '30 days' },
  });

  /** A client that refreshes and calls on, as its user does. Returns what it holds, or why it was refused. */
  async function use({ refresh, sid }: Device): Promise<Device | string> {
    const answer = await nodes().a.refresh(refresh);
    if (answer.outcome !== 200) return answer.outcome;
    await nodes().age({ sid }, 61);
    expect(await nodes().b.check(answer.access)).toBe(200);
    await nodes().b.flush();
    await nodes().age({ sid }, 61);
    return { access: answer.access, refresh: answer.refresh ?? refresh, sid };
  }

  it('at the next refresh of who is behind, the owner or the thief', async () => {
    const email = await nodes().createUser();
    const [device, other] = [await nodes().a.logIn(email), await nodes().a.logIn(email)];
    await nodes().age(device, 61);
    // The two are alike to the server: whichever refreshes second is found.
    const copy = { ...device };
    const ahead = (await use(device)) as Device;
    expect(await use(copy)).toBe('401 refresh_reused');
    for (const each of [ahead, copy]) {
      expect(await nodes().b.check(each.access)).toBe('401 session_ended');
      expect((await nodes().b.refresh(each.refresh)).outcome).toBe('401 session_ended');
    }
    expect(await nodes().eventsOf(device)).toEqual(['refresh_reused', 'ended']);
    // Its own session, and no other.
    expect(await nodes().b.check(other.access)).toBe(200);
    expect((await nodes().b.refresh(other.refresh)).outcome).toBe(200);
  });

  it('also when it comes again many generations later', async () => {
    const device = await nodes().device();
    let client = device as Device;
    for (let times = 0; times < 3; times += 1) client = (await use(client)) as Device;
    expect(await nodes().generationOf(device)).toBeGreaterThan(1);
    expect((await nodes().b.refresh(device.refresh)).outcome).toBe('401 refresh_reused');
    expect(await nodes().a.check(client.access)).toBe('401 session_ended');
  });

  it('and never where the session is over for another reason', async () => {
    const device = await nodes().device();
    const other = await nodes().b.logIn(device.email);
    const { refresh: current } = (await use(device)) as Device;
    await nodes().a.logout({ refresh: current });
    // The former one, and the one that the client had at its logout.
    for (const refresh of [device.refresh, current]) {
      expect((await nodes().b.refresh(refresh)).outcome).toBe('401 session_ended');
    }
    expect(await nodes().eventsOf(device)).toEqual(['ended']);
    expect(await nodes().verdicts(other)).toEqual(all(200));
  });

  it('the key alone makes no credential: a token needs the secret of the session', async () => {
    const device = await nodes().device();
    const { sid } = device;
    for (const generation of [0, 1, 2]) {
      const forged = RefreshToken.create(sid).textOf(generation, KEY);
      expect((await nodes().a.refresh(forged)).outcome).toBe('401 refresh_invalid');
      await nodes().a.logout({ refresh: forged });
    }
    expect((await nodes().b.refresh(device.refresh)).outcome).toBe(200);
  });

  it('nor does an old token, without the key', async () => {
    const device = await nodes().device();
    const known = RefreshToken.read(device.refresh, [KEY])!;
    const [other] = refreshKeys(['another secret, of thirty-two bytes and more'], []) as [
      RefreshKey,
    ];
    for (const key of [other, { ...other, id: KEY.id }]) {
      const next = known.textOf(1, key);
      expect((await nodes().a.refresh(next)).outcome).toBe('401 refresh_invalid');
    }
    expect(await nodes().generationOf(device)).toBe(0);
  });
});

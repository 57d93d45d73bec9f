import { describe, expect, it } from 'vitest';
import { forge } from '../support/forge.js';
import { claimsOf, type Device } from '../support/sessions/session-client.js';
import { all, type SessionNodes } from '../support/sessions/session-nodes.js';
import { useNodes } from '../support/sessions/use-nodes.js';

/** How a device is ended, and by whom. */
const ENDINGS: [
  string,
  (nodes: SessionNodes, device: Device, other: Device) => Promise<unknown>,
][] = [
  ['logs out by its access token', ({ a }, { access }) => a.logout({ access })],
  ['logs out by its refresh token', ({ a }, { refresh }) => a.logout({ refresh })],
  ['is ended from another device', ({ a }, { sid }, { access }) => a.end(access, sid)],
  [
    'is ended with all others',
    ({ a }, _device, { access }) => a.post('/auth/logout-others', access),
  ],
  [
    'is ended by SQL',
    ({ database }, { sid }) =>
      database.query('UPDATE users_token_sessions SET ended_at = now() WHERE id = $1', sid),
  ],
];

describe('promise 13: an ended device is out on every node, and no other device', () => {
  const nodes = useNodes();

  const verdicts = (device: Device) => nodes().verdicts(device);

  it.each(ENDINGS)('one that %s', async (_, end) => {
    const email = await nodes().createUser();
    const [device, other] = [await nodes().a.logIn(email), await nodes().b.logIn(email)];
    const stranger = await nodes().b.logIn(await nodes().createUser());
    expect(await verdicts(device)).toEqual(all(200));
    await end(nodes(), device, other);
    expect(await verdicts(device)).toEqual(all('401 session_ended'));
    expect(await verdicts(other)).toEqual(all(200));
    expect(await verdicts(stranger)).toEqual(all(200));
  });

  it('stays ended, whatever SQL writes back', async () => {
    const device = await nodes().a.logIn(await nodes().createUser());
    await nodes().a.logout(device);
    const set = "ended_at = NULL, ended_reason = NULL, expires_at = 'infinity'";
    await nodes().database.query(
      `UPDATE users_token_sessions SET ${set} WHERE id = $1`,
      device.sid,
    );
    expect(await verdicts(device)).toEqual(all('401 session_ended'));
  });

  it('a token that names a session of another user, or none at all, is refused', async () => {
    const [mine, other] = [await nodes().device(), await nodes().device()];
    const { sub, ver, gen, everyone_ver } = claimsOf(mine.access);
    const named = (sid: string) => forge({ sub, ver, gen, everyone_ver, sid });
    expect(await nodes().a.check(named(mine.sid))).toBe(200);
    for (const sid of [other.sid, crypto.randomUUID()]) {
      expect(await nodes().a.check(named(sid))).toBe('401 session_ended');
    }
  });

  it("nobody ends a device that is somebody else's", async () => {
    const [device, stranger] = [await nodes().device(), await nodes().device()];
    expect((await nodes().a.end(stranger.access, device.sid)).status).toBe(204);
    expect(await verdicts(device)).toEqual(all(200));
  });
});

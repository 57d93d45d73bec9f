import { describe, expect, it } from 'vitest';
import type { Device } from '../support/sessions/session-client.js';
import { useNodes } from '../support/sessions/use-nodes.js';

describe('promise 17: the table grows with logins alone, and checks write nothing', () => {
  const nodes = useNodes({ inThisProcess: true });
  const rowsOf = async (email: string) => {
    const sql =
      'SELECT s.id FROM users_token_sessions AS s JOIN users AS u ON u.id = s.user_id WHERE u.email = $1';
    return (await nodes().database.query(sql, email)).length;
  };

  it('a rotation writes one row, its first use after 60 s one more, and further refreshes none', async () => {
    const device = await nodes().device();
    let [token, access] = [device.refresh, device.access];
    const refreshes = (times: number) =>
      nodes().rows.updatesDuring(async () => {
        for (let time = 0; time < times; time += 1) {
          const answer = await nodes().a.refresh(token);
          token = answer.refresh ?? token;
          access = answer.access;
        }
      });
    expect(await refreshes(10)).toBe(1);
    await nodes().age(device, 61);
    const checked = await nodes().rows.updatesDuring(async () => {
      for (let time = 0; time < 10; time += 1) expect(await nodes().a.check(access)).toBe(200);
      await nodes().a.flush();
    });
    expect(checked).toBe(1);
    expect(await refreshes(10)).toBe(0);
    await nodes().age(device, 61);
    expect(await refreshes(10)).toBe(1);
    expect([await nodes().generationOf(device), await rowsOf(device.email)]).toEqual([2, 1]);
  });

  it('the use of a token is not written on the request’s way', async () => {
    const device = await nodes().device();
    const { access } = await nodes().a.refresh(device.refresh);
    await nodes().age(device, 61);
    const { database } = nodes();
    // Nobody can write sessions: a check that waited for it would not answer.
    await database.transaction(async (client) => {
      await client.query('LOCK TABLE users_token_sessions IN EXCLUSIVE MODE');
      expect(await nodes().b.check(access)).toBe(200);
    });
    await nodes().b.flush();
  });

  it('a login, a fork and a new login on a device are one row each, and nothing else is', async () => {
    const email = await nodes().createUser();
    const device = await nodes().a.logIn(email);
    expect(await rowsOf(email)).toBe(1);
    await nodes().age(device, 61);
    for (const _ of [1, 2, 3]) await nodes().b.refresh(device.refresh);
    expect(await rowsOf(email)).toBe(1);
    const json = { refresh_token: device.refresh };
    expect((await nodes().a.post('/device/fork', undefined, json)).status).toBe(200);
    expect(await rowsOf(email)).toBe(2);
    const password = { password: 'correct horse battery staple' };
    await nodes().a.post('/device/reauthenticate', device.access, password);
    expect(await rowsOf(email)).toBe(3);
  });

  it('a login removes what is over, and a cap holds over many logins', async () => {
    const capped = await nodes().startHere({
      sessions: { absolute: '24h', idle: '1h', grace: '30s', maxSessions: 5 },
    });
    const email = await nodes().createUser();
    const devices: Device[] = [];
    const live = async () => {
      const outcomes = await Promise.all(devices.map(({ access }) => capped.check(access)));
      return outcomes.flatMap((outcome, login) => (outcome === 200 ? [login] : []));
    };
    // Without a cap: the first login under it ends all that are too many, and not one of them.
    for (let login = 0; login < 10; login += 1) devices.push(await nodes().a.logIn(email));
    expect(await live()).toHaveLength(10);
    devices.push(await capped.logIn(email));
    expect(await live()).toEqual([6, 7, 8, 9, 10]);
    while (devices.length < 50) devices.push(await capped.logIn(email));
    expect(await live()).toEqual([45, 46, 47, 48, 49]);
    for (const device of devices) await nodes().age(device, 2 * 86_400);
    await capped.logIn(email);
    // One statement removes fifty.
    await capped.logIn(email);
    expect(await rowsOf(email)).toBe(2);
  });
});

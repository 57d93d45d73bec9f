import { describe, expect, it } from 'vitest';
import { claimsOf, type Device, deviceOf, outcomeOf } from '../support/sessions/session-client.js';
import { all } from '../support/sessions/session-nodes.js';
import { useNodes } from '../support/sessions/use-nodes.js';
import { PASSWORD } from '../support/users.js';

const nodes = useNodes();

describe('T14 auth_time', () => {
  it('survives every refresh, and only a login makes a new one', async () => {
    let device: Device = await nodes().device();
    const first = (await nodes().a.refresh(device.refresh)).access;
    const login = claimsOf(device.access)['auth_time'] as number;
    // Ageing moves the login into the past as well.
    let aged = 61;
    for (let times = 0; times < 100; times += 1) {
      const { outcome, access, refresh } = await nodes().b.refresh(device.refresh);
      expect(outcome).toBe(200);
      expect(claimsOf(access)['auth_time']).toBe(login - aged);
      device = { access, refresh: refresh ?? device.refresh, sid: device.sid };
      await nodes().age(device, 61);
      aged += 61;
    }
    expect(claimsOf(first)['sid']).toBe(device.sid);
    expect(await nodes().a.ask(device.access, '/device/sensitive')).toBe(
      '401 reauthentication_required',
    );
    const json = { password: PASSWORD };
    const fresh = deviceOf(await nodes().a.post('/device/reauthenticate', device.access, json));
    expect(fresh.sid).not.toBe(device.sid);
    expect(await nodes().b.ask(fresh.access, '/device/sensitive')).toBe(200);
    expect(await nodes().verdicts(device)).toEqual(all('401 session_ended'));
  }, 180_000);

  it('of one login on a device counts once: a double click ends the first of two', async () => {
    const device = await nodes().device();
    const json = { password: PASSWORD };
    const answers = await Promise.all(
      [nodes().a, nodes().b].map((node) =>
        node.post('/device/reauthenticate', device.access, json),
      ),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 401]);
    const kept = deviceOf(answers.find(({ status }) => status === 200)!);
    expect(await nodes().verdicts(kept)).toEqual(all(200));
  });
});

describe('T15 keep this device after a password change', () => {
  it('with new tokens, and nobody else', async () => {
    const email = await nodes().createUser();
    const device = await nodes().a.logIn(email, { label: 'Phone' });
    const other = await nodes().a.logIn(email);
    const json = { current: PASSWORD, next: 'another password' };
    const kept = deviceOf(await nodes().a.post('/device/password', device.access, json));
    expect(await nodes().verdicts(kept)).toEqual(all(200));
    expect(await nodes().verdicts(device)).toEqual(all('401 password_changed'));
    expect(await nodes().verdicts(other)).toEqual(all('401 password_changed'));
    expect((await nodes().rowOf(kept)).label).toBe('Phone');
  });

  it('and after logging out everywhere else', async () => {
    const email = await nodes().createUser();
    const [device, other] = [await nodes().a.logIn(email), await nodes().b.logIn(email)];
    const path = '/auth/logout-everywhere';
    const kept = deviceOf(await nodes().a.post(path, device.access, { keepThisDevice: true }));
    expect(claimsOf(kept.access)['auth_time']).toBe(claimsOf(device.access)['auth_time']);
    expect(await nodes().verdicts(kept)).toEqual(all(200));
    expect(await nodes().verdicts(device)).toEqual(all('401 logged_out_everywhere'));
    expect(await nodes().verdicts(other)).toEqual(all('401 logged_out_everywhere'));
  });
});

describe('one access token', () => {
  it('is revoked alone, on both nodes', async () => {
    const device = await nodes().device();
    const { access } = await nodes().a.refresh(device.refresh);
    expect((await nodes().a.post('/device/revoke-this-token', access)).status).toBe(204);
    expect(await nodes().b.check(access)).toBe('401 token_revoked');
    expect(await nodes().b.check(device.access)).toBe(200);
    const again = await nodes().a.post('/device/revoke-this-token', access);
    expect(outcomeOf(again)).toBe('401 token_revoked');
  });
});

describe('a fork', () => {
  it('gives a second process a session of its own, and the first keeps its token', async () => {
    const device = await nodes().device();
    const forked = await nodes().a.post('/device/fork', undefined, {
      refresh_token: device.refresh,
    });
    const second = deviceOf(forked);
    expect(second.sid).not.toBe(device.sid);
    const [of, original] = [claimsOf(second.access), claimsOf(device.access)];
    expect(of['ver']).toBe(original['ver']);
    expect((await nodes().a.refresh(device.refresh)).outcome).toBe(200);
    expect((await nodes().b.refresh(second.refresh)).outcome).toBe(200);
    await nodes().a.logout({ refresh: device.refresh });
    expect(await nodes().b.check(second.access)).toBe(200);
  });
});

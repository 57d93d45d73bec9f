import { describe, expect, it, onTestFinished } from 'vitest';
import { startSessions } from '../support/sessions/session-memory-app.js';
import { PASSWORD } from '../support/users.js';
import { useNodes } from '../support/sessions/use-nodes.js';

// What was reported of other libraries, and no other spec here is about.
describe('a refresh whose answer fails in code of the application', () => {
  it.each(['claims', 'isActive'] as const)(
    'in %s: may be repeated with the same token',
    async (hook) => {
      let fails = false;
      const ask = () => {
        if (fails) throw new Error('The application is at fault');
      };
      const app = await startSessions({
        module: {
          sessions: {
            absolute: '30 days',
            ...(hook === 'claims' && { claims: () => (ask(), {}) }),
          },
          ...(hook === 'isActive' && { isActive: () => (ask(), true) }),
        },
      });
      onTestFinished(() => app.app.close());
      const device = await app.device();
      app.advance(121);
      fails = true;
      for (const _ of [1, 2]) expect((await app.refresh(device.refresh)).status).toBe(500);
      fails = false;
      const answer = await app.refresh(device.refresh);
      expect([answer.outcome, answer.refresh]).toEqual([200, expect.stringMatching(/^nti1_/)]);
      expect((await app.refresh(answer.refresh!)).outcome).toBe(200);
    },
  );
});

describe('sessions', () => {
  const nodes = useNodes({ inThisProcess: true });

  it('that start while all others are ended are either ended or listed, and never half', async () => {
    const email = await nodes().createUser();
    const first = await nodes().a.logIn(email);
    const logins = Array.from({ length: 20 }, (_, login) =>
      (login % 2 ? nodes().a : nodes().b).logIn(email),
    );
    expect((await nodes().b.post('/auth/logout-others', first.access)).status).toBe(204);
    const devices = await Promise.all(logins);
    const { body } = await nodes().a.get('/auth/sessions', first.access);
    const listed = new Set((body['sessions'] as { id: string }[]).map(({ id }) => id));
    for (const { sid, access, refresh } of devices) {
      const expected = listed.has(sid) ? 200 : '401 session_ended';
      expect(await nodes().a.check(access)).toBe(expected);
      expect((await nodes().b.refresh(refresh)).outcome).toBe(expected);
    }
    await nodes().a.post('/auth/logout-others', first.access);
    const after = await Promise.all(devices.map(({ access }) => nodes().b.check(access)));
    expect(new Set(after)).toEqual(new Set(['401 session_ended']));
    expect(await nodes().a.check(first.access)).toBe(200);
  });

  it.each<[string, (email: string, access: string) => Promise<unknown>, string]>([
    [
      'the password was changed on another device',
      (_, access) => nodes().a.post('/device/password', access, { current: PASSWORD, next: 'new' }),
      '401 password_changed',
    ],
    [
      'the password was changed by SQL',
      (email) => nodes().rows.changePassword(email),
      '401 password_changed',
    ],
    [
      'the user logged out everywhere',
      (_, access) => nodes().a.post('/auth/logout-everywhere', access),
      '401 logged_out_everywhere',
    ],
    [
      'an administrator raised the version by SQL',
      (email) =>
        nodes().database.query(
          'UPDATE users SET token_version = token_version + 1 WHERE email = $1',
          email,
        ),
      '401 version_stale',
    ],
  ])('refresh no more when %s', async (_, change, refusal) => {
    const email = await nodes().createUser();
    const [device, other] = [await nodes().a.logIn(email), await nodes().b.logIn(email)];
    await nodes().age(device, 61);
    await change(email, other.access);
    expect((await nodes().b.refresh(device.refresh)).outcome).toBe(refusal);
    expect(await nodes().b.check(device.access)).toMatch(/^401 /);
    expect(await nodes().eventsOf(device)).toEqual([]);
  });
});

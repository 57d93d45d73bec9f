import { describe, expect, it, onTestFinished } from 'vitest';
import { createSessionApp } from '../support/sessions/session-app.js';
import { SessionClient } from '../support/sessions/session-client.js';
import { useNodes } from '../support/sessions/use-nodes.js';

describe('promise 14: nothing that happens to an honest client logs it out', () => {
  const nodes = useNodes({
    inThisProcess: true,
    sessions: { absolute: '90 days', idle: '30 days' },
  });

  it.each([1, 29, 31, 3600, 90_000])(
    'not an answer that was lost, and asked for again after %d s',
    async (seconds) => {
      const device = await nodes().device();
      const { refresh: lost } = await nodes().a.refresh(device.refresh);
      await nodes().age(device, seconds);
      const again = await nodes().b.refresh(device.refresh);
      expect([again.outcome, again.refresh]).toEqual([200, lost]);
      expect(await nodes().a.check(again.access)).toBe(200);
    },
  );

  it('not many tabs that refresh at once', async () => {
    const { a, b } = nodes();
    const device = await nodes().device();
    const tabs = Array.from({ length: 20 }, (_, tab) => (tab % 2 ? a : b).refresh(device.refresh));
    const answers = await Promise.all(tabs);
    expect(new Set(answers.map(({ outcome }) => outcome))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ refresh }) => refresh)).size).toBe(1);
  });

  it('not an old answer that comes late: without a rotation it holds no refresh token', async () => {
    const device = await nodes().device();
    const { refresh } = await nodes().a.refresh(device.refresh);
    const late = await nodes().b.refresh(refresh!);
    expect([late.outcome, late.refresh]).toEqual([200, undefined]);
    await nodes().age(device, 61);
    expect((await nodes().b.refresh(refresh!)).outcome).toBe(200);
    await nodes().age(device, 61);
    expect((await nodes().a.refresh(refresh!)).refresh).toBeDefined();
  });

  it('not a request that was under way while another tab got the next token', async () => {
    const device = await nodes().device();
    const { refresh, access } = await nodes().a.refresh(device.refresh);
    // The other tab calls on, for much longer than the grace.
    await nodes().age(device, 3600);
    expect(await nodes().a.check(access)).toBe(200);
    await nodes().a.flush();
    // Within the grace of 30 s, of which the test itself takes a part.
    await nodes().age(device, 15);
    const late = await nodes().b.refresh(device.refresh);
    expect([late.outcome, late.refresh]).toEqual([200, refresh]);
  });

  it('not a crash that lost what was stored last, after it was used', async () => {
    const device = await nodes().device();
    const { refresh, access } = await nodes().a.refresh(device.refresh);
    // Less than the 60 s after which a use counts, of which the test itself takes a part.
    await nodes().age(device, 40);
    expect(await nodes().a.check(access)).toBe(200);
    await nodes().a.flush();
    await nodes().age(device, 3600);
    expect(await nodes().a.refresh(device.refresh)).toMatchObject({ outcome: 200, refresh });
  });

  it('not a crash after an answer that had to be asked for again', async () => {
    const device = await nodes().device();
    const { refresh: lost } = await nodes().a.refresh(device.refresh);
    await nodes().age(device, 100);
    const { refresh, access } = await nodes().b.refresh(device.refresh);
    expect(refresh).toBe(lost);
    expect(await nodes().a.check(access)).toBe(200);
    await nodes().a.flush();
    await nodes().age(device, 3600);
    expect(await nodes().b.refresh(device.refresh)).toMatchObject({ outcome: 200, refresh });
  });

  it('not a failover that lost the last rotation', async () => {
    const device = await nodes().device();
    const { refresh } = await nodes().a.refresh(device.refresh);
    await nodes().rows.restore(device.sid, 0);
    expect((await nodes().b.refresh(refresh!)).outcome).toBe(200);
    expect(await nodes().generationOf(device)).toBe(1);
  });

  it('not a change of its address and its user agent', async () => {
    const sessions = { absolute: '90 days', idle: '30 days', grace: '30s', address: true } as const;
    const app = await createSessionApp({ url: nodes().database.url, sessions });
    onTestFinished(() => app.close());
    app.app.getHttpAdapter().getInstance().set('trust proxy', true);
    const client = new SessionClient(app.url);
    let { access, refresh, sid } = await client.logIn(await nodes().createUser());
    for (const [name, address] of [
      ['phone', '192.0.2.7'],
      ['car', '198.51.100.7'],
      ['train', '2001:db8::7'],
    ] as const) {
      await nodes().age({ sid }, 61);
      const headers = { 'user-agent': name, 'x-forwarded-for': address };
      // Each rotates, but for the sights between them.
      const answer = await client.refresh(refresh, headers);
      expect(answer.outcome).toBe(200);
      expect((await client.get('/device/me', access, headers)).status).toBe(200);
      expect((await client.refresh(refresh, headers)).outcome).toBe(200);
      expect(await nodes().database.row(sid)).toMatchObject({
        user_agent: name,
        last_from: address,
        ended_at: null,
      });
      ({ access } = answer);
      refresh = answer.refresh!;
      await nodes().age({ sid }, 61);
      expect((await client.refresh(refresh, headers)).outcome).toBe(200);
    }
  });
});

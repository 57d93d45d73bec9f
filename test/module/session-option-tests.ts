import { generateKeyPairSync } from 'node:crypto';
import { expect, onTestFinished } from 'vitest';
import type { SessionsOptions, TokenInvalidationModuleOptions } from 'nestjs-token-invalidation';
import { claimsOf } from '../support/sessions/session-client.js';
import { type SessionMemoryApp, startSessions } from '../support/sessions/session-memory-app.js';

/** What an option does, and a test that fails when the option is ignored. */
type Row = readonly [does: string, test: () => Promise<void>];

async function start(
  sessions: SessionsOptions,
  module: Partial<TokenInvalidationModuleOptions> = {},
): Promise<SessionMemoryApp> {
  const app = await startSessions({
    module: { sessions: { absolute: '30 days', ...sessions }, ...module },
  });
  onTestFinished(() => app.app.close());
  return app;
}

/** What a device gets for its refresh token after so many seconds. */
async function refreshedAfter(seconds: number, sessions: SessionsOptions): Promise<200 | string> {
  const app = await start(sessions);
  const { refresh } = await app.device();
  app.advance(seconds);
  return (await app.refresh(refresh)).outcome;
}

/** An application and a device whose first refresh token was replaced, and the second kept, so many seconds ago. */
async function replaced(seconds: number, sessions: SessionsOptions) {
  const app = await start(sessions);
  const device = await app.device();
  app.advance(121);
  const { refresh } = await app.refresh(device.refresh);
  app.advance(61);
  await app.refresh(refresh!);
  app.advance(seconds);
  return { app, old: device.refresh, current: refresh! };
}

const DAY = 86_400;

/** One test a field of `sessions`. */
export const SESSIONS: Record<keyof SessionsOptions, Row> = {
  tokensWithoutSession: [
    'decides about tokens from before sessions',
    async () => {
      const outcomes = (['accept', 'refuse', undefined] as const).map(async (chosen) => {
        const app = await start({ tokensWithoutSession: chosen });
        return app.me(app.app.tokenOf('anna'));
      });
      expect(await Promise.all(outcomes)).toEqual([200, '401 claims_invalid', 200]);
    },
  ],
  preset: [
    'names both ends',
    async () => {
      const sessions = { preset: 'aal2', absolute: undefined } as const;
      expect([await refreshedAfter(3599, sessions), await refreshedAfter(3601, sessions)]).toEqual([
        200,
        '401 session_idle',
      ]);
    },
  ],
  absolute: [
    'is the end of a login',
    async () => {
      const sessions = { absolute: '1 day' };
      expect([
        await refreshedAfter(DAY - 1, sessions),
        await refreshedAfter(DAY, sessions),
      ]).toEqual([200, '401 session_expired']);
    },
  ],
  idle: [
    'is the end without use',
    async () => {
      const sessions = { idle: '1 day' };
      expect([
        await refreshedAfter(DAY - 1, sessions),
        await refreshedAfter(DAY, sessions),
      ]).toEqual([200, '401 session_idle']);
    },
  ],
  grace: [
    'is how long a replaced token is good',
    async () => {
      const outcomes = ([60, 10] as const).map(async (grace) => {
        const { app, old } = await replaced(45, { grace });
        return (await app.refresh(old)).outcome;
      });
      expect(await Promise.all(outcomes)).toEqual([200, '401 refresh_reused']);
    },
  ],
  maxSessions: [
    'ends the session that was not used for longest',
    async () => {
      const app = await start({ maxSessions: 2 });
      const devices = [];
      for (let login = 0; login < 3; login += 1) {
        devices.push(await app.device('anna'));
        app.advance(1);
      }
      expect(await Promise.all(devices.map(({ access }) => app.me(access)))).toEqual([
        '401 session_ended',
        200,
        200,
      ]);
    },
  ],
  atCap: [
    'refuses a login beyond maxSessions',
    async () => {
      const app = await start({ maxSessions: 1, atCap: 'refuse' });
      const first = await app.device('anna');
      await expect(app.device('anna')).rejects.toMatchObject({ name: 'TooManySessionsError' });
      expect(await app.me(first.access)).toBe(200);
    },
  ],
  onReuse: [
    'ends the session, or refuses the token alone',
    async () => {
      const outcomes = (['end', 'refuse'] as const).map(async (onReuse) => {
        const { app, old, current } = await replaced(61, { onReuse });
        return [(await app.refresh(old)).outcome, (await app.refresh(current)).outcome];
      });
      expect(await Promise.all(outcomes)).toEqual([
        ['401 refresh_reused', '401 session_ended'],
        ['401 refresh_reused', 200],
      ]);
    },
  ],
  retention: [
    'is how long an ended session stays',
    async () => {
      const app = await start({ retention: '1h' });
      const { access } = await app.device();
      await app.logout({ access });
      app.advance(3599);
      expect(await app.sessions.sweep()).toBe(0);
      app.advance(2);
      expect(await app.sessions.sweep()).toBe(1);
    },
  ],
  keys: [
    'sign refresh tokens: the first signs, any verifies',
    async () => {
      const [old, current] = ['x'.repeat(32), 'y'.repeat(32)];
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const app = await start({ keys: [old] }, { keys: [{ privateKey }] });
      const { refresh } = await app.device();
      const verdicts = [[current, old], [current]].map(async (keys) => {
        const other = await start({ keys });
        return (await other.logout({ refresh })).status;
      });
      expect(await Promise.all(verdicts)).toEqual([204, 401]);
    },
  ],
  claims: [
    'are in the access token, at the start and at each refresh',
    async () => {
      let role = 'admin';
      const claims = (user: { id: string }) => ({ role, of: user.id });
      const app = await start({ claims });
      const device = await app.device('anna');
      expect(claimsOf(device.access)).toMatchObject({ role: 'admin', of: 'anna' });
      role = 'member';
      const { access } = await app.refresh(device.refresh);
      expect(claimsOf(access)).toMatchObject({ role: 'member', of: 'anna' });
    },
  ],
  address: [
    'keeps the address of the client, or its network, or nothing',
    async () => {
      const kept = ([true, 'network', false] as const).map(async (address) => {
        const app = await start({ address });
        const user = app.app.store.add({ id: 'anna', passwordHash: 'hash' });
        await app.sessions.start(user, { address: '203.0.113.7' });
        const [session] = await app.sessions.list('anna');
        return session!.startedFrom;
      });
      expect(await Promise.all(kept)).toEqual(['203.0.113.7', '203.0.113.0/24', null]);
    },
  ],
};

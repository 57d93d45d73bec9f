import { Logger } from '@nestjs/common';
import {
  type SessionsOptions,
  type StateQuery,
  TokenSessions,
  TokenStateStore,
} from 'nestjs-token-invalidation';
import { InMemoryTokenStateStore } from 'nestjs-token-invalidation/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { SessionUpkeep } from '../../src/sessions/session-upkeep.js';
import { InMemorySessionStore } from '../../src/testing/in-memory/in-memory-session.store.js';
import type { TestApp } from '../support/create-app.js';
import { MeController } from '../support/me.controller.js';
import { createMemoryApp, type MemoryApp } from '../support/memory-app.js';
import { createSessionApp } from '../support/sessions/session-app.js';
import { SessionClient } from '../support/sessions/session-client.js';
import { SessionDatabase } from '../support/sessions/session-database.js';
import { createUser } from '../support/users.js';

Logger.overrideLogger(false);

const SESSIONS: SessionsOptions = { absolute: '30 days' };

const running: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((app) => app.close()));
});

async function startMemory(
  sessions: SessionsOptions | undefined,
  store: new () => InMemoryTokenStateStore = InMemoryTokenStateStore,
): Promise<MemoryApp> {
  const app = await createMemoryApp({
    controllers: [MeController],
    module: { store, globalGuard: true, ...(sessions && { sessions }) },
  });
  running.push(app);
  return app;
}

describe('T20 roll-out and stores: tokens without sid', () => {
  it('live on under accept', async () => {
    const app = await startMemory(SESSIONS);
    expect(await app.ask(app.tokenOf('anna'), '/me')).toBe(200);
  });

  it('are refused under refuse', async () => {
    const app = await startMemory({ ...SESSIONS, tokensWithoutSession: 'refuse' });
    expect(await app.ask(app.tokenOf('anna'), '/me')).toBe('401 claims_invalid');
    const user = app.store.find('anna')!;
    const { accessToken } = await app.app.get(TokenSessions).start(user);
    expect(await app.ask(accessToken, '/me')).toBe(200);
  });
});

describe('T20 roll-out and stores: a store', () => {
  /** Knows nothing of sessions in its read. */
  class Deaf extends InMemoryTokenStateStore {
    override read(queries: readonly StateQuery[]) {
      return super.read(queries.map(({ subject }) => ({ subject })));
    }
  }

  it('that ignores sessionId is a fault: 503, never acceptance', async () => {
    const app = await startMemory(SESSIONS, Deaf);
    const user = app.store.add({ id: 'anna', passwordHash: 'hash' });
    const { accessToken } = await app.app.get(TokenSessions).start(user);
    expect(await app.ask(accessToken, '/me')).toBe('503 token_state_unavailable');
    expect(await app.ask(app.issuer.issue(user), '/me')).toBe(200);
  });

  it('without sessions stops the boot', async () => {
    class Plain extends TokenStateStore {
      realm = () => 'plain';
      describe = () => ({ subject: '', state: {} as never });
      read = async () => ({ everyone: { version: 0, loggedOutAt: null }, records: [] });
      invalidate = async () => 'unknown' as const;
      changePassword = async () => 'unknown' as const;
      rehashPassword = async () => 'unknown' as const;
      invalidateEveryone = async () => ({ version: 0, effectiveAt: new Date() });
    }
    const starting = createMemoryApp({
      module: { store: Plain, sessions: SESSIONS, revokedTokens: true },
    });
    await expect(starting).rejects.toMatchObject({
      problems: ['sessions', 'revokedTokens'].map((name) =>
        expect.stringMatching(
          new RegExp(`^${name} needs a store that keeps sessions, and Plain has`),
        ),
      ),
    });
  });
});

describe('revoked tokens alone', () => {
  it('need no sweep of a table that the schema may lack', async () => {
    const sweep = vi.spyOn(InMemorySessionStore.prototype, 'sweep');
    const app = await createMemoryApp({ module: { revokedTokens: true } });
    running.push(app);
    expect(await app.app.get(SessionUpkeep).sweep()).toBe(0);
    expect(sweep).not.toHaveBeenCalled();
  });
});

describe('a node that checks, and one of the version before', () => {
  let database: SessionDatabase;
  let old: TestApp;
  let young: TestApp;

  beforeAll(async () => {
    database = await SessionDatabase.open();
    old = await createSessionApp({ url: database.url, withoutSessions: true });
    young = await createSessionApp({ url: database.url });
  });
  afterAll(async () => {
    await old?.close();
    await young?.close();
    await database?.close();
  });

  it('agree on everything but one device: so check everywhere first, then issue', async () => {
    const { email } = await createUser(young.dataSource);
    const [before, after] = [new SessionClient(old.url), new SessionClient(young.url)];
    const device = await after.logIn(email);
    // Issued by the node of the version before, or before the roll-out.
    const { access_token: plain } = (
      await after.post('/device/login', undefined, {
        email,
        password: 'correct horse battery staple',
        withoutSession: true,
      })
    ).body as { access_token: string };
    for (const node of [before, after]) {
      expect([await node.check(device.access), await node.check(plain)]).toEqual([200, 200]);
    }
    await after.logout({ refresh: device.refresh });
    expect(await after.check(device.access)).toBe('401 session_ended');
    expect(await before.check(device.access)).toBe(200);
    await after.post('/auth/logout-everywhere', plain);
    for (const node of [before, after]) {
      expect(await node.check(plain)).toBe('401 logged_out_everywhere');
      expect(await node.check(device.access)).toBe('401 logged_out_everywhere');
    }
  });
});

import { fileURLToPath } from 'node:url';
import type { ModuleMetadata } from '@nestjs/common';
import {
  TokenInvalidator,
  TokenIssuer,
  TokenSessions,
  TokenStateStore,
  TokenVerifier,
} from 'nestjs-token-invalidation';
import { listAccess } from 'nestjs-token-invalidation/testing';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import * as kinds from '../audit/every-kind.js';
import {
  type Doors,
  FRAMEWORKS,
  type Framework,
  startDoors,
} from '../package/fixtures/contexts/application.js';
import { clientsOf, connectionsOf, type Door } from '../package/fixtures/contexts/clients.js';
import type { Store, User } from '../package/fixtures/contexts/store.js';
import { type Case, makeCases, oldLogin } from '../package/fixtures/contexts/tokens.js';
import { createMemoryApp } from '../support/memory-app.js';

const proto = fileURLToPath(new URL('../package/fixtures/contexts/door.proto', import.meta.url));

describe.each(Object.keys(FRAMEWORKS) as Framework[])('promise 22: with %s', (framework) => {
  let doors: Doors;
  let clients: Record<string, Door>;
  let cases: Case[];

  beforeAll(async () => {
    doors = await startDoors(framework, proto);
    clients = clientsOf(framework, doors, proto);
    cases = await makeCases(doors.app);
  });

  afterAll(() => doors?.app.close());

  const ask = async (token: string | undefined, handler: Parameters<Door>[1]) =>
    Object.fromEntries(
      await Promise.all(
        Object.entries(clients).map(async ([name, door]) => [name, await door(token, handler)]),
      ),
    ) as Record<string, string>;
  const everywhere = (outcome: string) =>
    Object.fromEntries(Object.keys(clients).map((name) => [name, outcome]));

  it('every door gives a token the same code', async () => {
    const sockets = framework.endsWith('socket.io') ? 'socket.io' : 'ws';
    expect(Object.keys(clients)).toEqual(['http', 'query', 'subscription', sockets, 'tcp', 'grpc']);
    expect(cases).toHaveLength(20);
    for (const { name, token, outcome } of cases) {
      expect({ name, ...(await ask(token, 'closed')) }).toEqual({ name, ...everywhere(outcome) });
    }
  });

  it('an open handler knows nobody', async () => {
    expect(await ask(cases[0]!.token, 'open')).toEqual(everywhere('anyone'));
  });

  it('where a login is optional, a token counts when there is one', async () => {
    expect(await ask(undefined, 'optional')).toEqual(everywhere('anyone'));
    expect(await ask(cases[0]!.token, 'optional')).toEqual(everywhere('anna'));
    expect(await ask('word', 'optional')).toEqual(everywhere('token_invalid'));
  });

  it('a recent login is demanded where the handler demands it', async () => {
    const token = oldLogin(doors.app);
    expect(await ask(token, 'closed')).toEqual(everywhere('anna'));
    expect(await ask(token, 'recent')).toEqual(everywhere('reauthentication_required'));
    expect(await ask(cases[0]!.token, 'recent')).toEqual(everywhere('anna'));
  });

  it('a device that was logged out, and a token that was revoked, have the same code', async () => {
    const store = doors.app.get<Store>(TokenStateStore, { strict: false });
    const sessions = doors.app.get<TokenSessions<User>>(TokenSessions, { strict: false });
    const verifier = doors.app.get(TokenVerifier, { strict: false });
    const dora = store.add({ id: 'dora', passwordHash: 'hash', active: true });
    const [phone, laptop] = [await sessions.start(dora), await sessions.start(dora)];
    expect(await ask(phone.accessToken, 'closed')).toEqual(everywhere('dora'));
    await sessions.end(phone.session.id, { of: dora.id });
    expect(await ask(phone.accessToken, 'closed')).toEqual(everywhere('session_ended'));
    expect(await ask(laptop.accessToken, 'closed')).toEqual(everywhere('dora'));
    const verdict = await verifier.verify(laptop.accessToken);
    if (verdict.accepted) await sessions.revokeToken(verdict.claims);
    expect(await ask(laptop.accessToken, 'closed')).toEqual(everywhere('token_revoked'));
  });

  it('an outage is answered as one', async () => {
    const store = doors.app.get<Store>(TokenStateStore, { strict: false });
    onTestFinished(() => {
      store.away = false;
    });
    store.away = true;
    expect(await ask(cases[0]!.token, 'closed')).toEqual(everywhere('token_state_unavailable'));
    store.away = false;
    expect(await ask(cases[0]!.token, 'closed')).toEqual(everywhere('anna'));
  });

  it('a connection that stays open is judged with each message', async () => {
    const store = doors.app.get<Store>(TokenStateStore, { strict: false });
    const issuer = doors.app.get<TokenIssuer<User>>(TokenIssuer, { strict: false });
    for (const [name, connect] of Object.entries(connectionsOf(framework, doors))) {
      const user = store.add({ id: name, passwordHash: 'hash', active: true });
      const connection = await connect(issuer.issue(user));
      expect(await connection.ask('closed')).toBe(name);
      await doors.app.get(TokenInvalidator, { strict: false }).logoutEverywhere(name);
      expect(await connection.ask('closed')).toBe('logged_out_everywhere');
      expect(await connection.ask('open')).toBe('anyone');
      await connection.close();
    }
  });
});

describe('promise 22: no handler is unguarded unnoticed', () => {
  it.each<[name: string, open: ModuleMetadata]>([
    ['http GET /orders/:id (OrdersController.one)', { controllers: [kinds.OrdersController] }],
    ['graphql Query.order (OrdersResolver.order)', { providers: [kinds.OrdersResolver] }],
    ['ws track (OrdersGateway.track)', { providers: [kinds.OrdersGateway] }],
    ['rpc paid (OrdersMessages.paid)', { controllers: [kinds.OrdersMessages] }],
  ])('%s stops the boot', async (name, open) => {
    await expect(createMemoryApp({ ...open, module: { audit: 'enforce' } })).rejects.toThrow(name);
  });

  it('the same handlers are guarded by the global guard', async () => {
    const app = await createMemoryApp({
      controllers: [kinds.OrdersController, kinds.OrdersMessages],
      providers: [kinds.OrdersResolver, kinds.OrdersGateway],
      module: { audit: 'enforce', globalGuard: true },
    });
    const access = new Map(listAccess(app.app).map((entry) => [entry.name, entry.access]));
    await app.close();
    expect(
      ['GET /orders/:id', 'Query.order', 'track', 'paid'].map((name) => access.get(name)),
    ).toEqual(['login', 'login', 'login', 'login']);
  });
});

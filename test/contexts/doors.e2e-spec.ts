import { fileURLToPath } from 'node:url';
import { TokenStateStore } from 'nestjs-token-invalidation';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Doors,
  FRAMEWORKS,
  type Framework,
  startDoors,
} from '../package/fixtures/contexts/application.js';
import { clientsOf, type Door } from '../package/fixtures/contexts/clients.js';
import type { Store } from '../package/fixtures/contexts/store.js';
import { type Case, makeCases, oldLogin } from '../package/fixtures/contexts/tokens.js';

const proto = fileURLToPath(new URL('../package/fixtures/contexts/door.proto', import.meta.url));

describe.each(Object.keys(FRAMEWORKS) as Framework[])('with %s', (framework) => {
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

  it('an outage is answered as one', async () => {
    const store = doors.app.get<Store>(TokenStateStore, { strict: false });
    store.away = true;
    expect(await ask(cases[0]!.token, 'closed')).toEqual(everywhere('token_state_unavailable'));
    store.away = false;
    expect(await ask(cases[0]!.token, 'closed')).toEqual(everywhere('anna'));
  });
});

import { once } from 'node:events';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { GraphQLModule, Query, Resolver, Subscription } from '@nestjs/graphql';
import { MercuriusDriver, type MercuriusDriverConfig } from '@nestjs/mercurius';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { createClient } from 'graphql-ws';
import { CurrentUser, type HandshakeOptions } from 'nestjs-token-invalidation';
import type { InMemoryUser } from 'nestjs-token-invalidation/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';
import { createMemoryApp, type MemoryApp } from '../support/memory-app.js';

@WebSocketGateway()
class Gateway {
  @SubscribeMessage('who')
  who(@CurrentUser() user: InMemoryUser): object {
    return { event: 'who', data: { id: user.id } };
  }
}

@Resolver()
class WhoResolver {
  @Query(() => String)
  query(): string {
    return '';
  }

  @Subscription(() => String)
  async *who(@CurrentUser() user: InMemoryUser): AsyncGenerator<{ who: string }> {
    yield await Promise.resolve({ who: user.id });
  }
}

const DRIVERS = {
  Apollo: {
    platform: 'express',
    graphql: GraphQLModule.forRoot<ApolloDriverConfig>({
      driver: ApolloDriver,
      autoSchemaFile: true,
      subscriptions: { 'graphql-ws': true },
    }),
  },
  Mercurius: {
    platform: 'fastify',
    graphql: GraphQLModule.forRoot<MercuriusDriverConfig>({
      driver: MercuriusDriver,
      autoSchemaFile: true,
      subscription: true,
    }),
  },
} as const;

let app: MemoryApp;
let token: string;
afterEach(() => app?.close());

async function startGateway(handshake?: HandshakeOptions): Promise<void> {
  app = await createMemoryApp({
    providers: [Gateway],
    module: { globalGuard: true, handshake },
    prepare: (made) => made.useWebSocketAdapter(new WsAdapter(made)),
  });
  token = app.tokenOf('anna');
}

/** Who the gateway takes the client for, or the code of the refusal. */
async function who(options: ClientOptions, protocols: string[] = []): Promise<unknown> {
  const socket = new WebSocket(app.url.replace('http', 'ws'), protocols, options);
  await once(socket, 'open');
  socket.send('{"event":"who"}');
  const [text] = (await once(socket, 'message')) as [Buffer];
  socket.terminate();
  const { data } = JSON.parse(text.toString()) as { data: { id?: string; errorCode?: string } };
  return data.id ?? data.errorCode;
}

/** As a browser does, whose page is of this origin. */
const whoFrom = (origin: string) => who({ origin, headers: { cookie: `access=${token}` } });

describe('a handshake of ws', () => {
  it('has the token in the header, and by default in no cookie', async () => {
    await startGateway();
    expect(await who({ headers: { authorization: `Bearer ${token}` } })).toBe('anna');
    expect(await who({ headers: { cookie: `access=${token}` } })).toBe('token_missing');
    expect(await who({}, ['bearer', token])).toBe('token_missing');
  });

  it('has it in the subprotocol after the one that is named', async () => {
    await startGateway({ token: 'subprotocol.bearer' });
    expect(await who({}, ['bearer', token])).toBe('anna');
    expect(await who({}, [token, 'bearer'])).toBe('token_missing');
  });

  it('has it in a cookie, from a page of an origin that may', async () => {
    await startGateway({ token: 'cookie.access', allowedOrigins: ['https://app.example'] });
    expect(await whoFrom('https://app.example')).toBe('anna');
    expect(await whoFrom('https://evil.example')).toBe('token_missing');
  });
});

describe.each(Object.entries(DRIVERS))('a handshake of a subscription of %s', (_, driver) => {
  it('has it in a cookie, from a page of an origin that may', async () => {
    app = await createMemoryApp({
      platform: driver.platform,
      imports: [driver.graphql],
      providers: [WhoResolver],
      module: { globalGuard: true, handshake: { token: 'cookie.access' } },
    });
    const cookie = `access=${app.tokenOf('anna')}`;
    const from = async (origin: string) => {
      class Browser extends WebSocket {
        constructor(address: string, protocols: string[]) {
          super(address, protocols, { origin, headers: { cookie } });
        }
      }
      const url = `${app.url.replace('http', 'ws')}/graphql`;
      const client = createClient({ url, webSocketImpl: Browser, retryAttempts: 0 });
      const { value } = await client
        .iterate({ query: 'subscription { who }' })
        .next()
        // Mercurius sends the error of a subscription by itself, and Apollo in an answer.
        .catch((errors: unknown) => ({ value: { errors } }));
      await client.dispose();
      return value;
    };
    expect(await from(app.url)).toEqual({ data: { who: 'anna' } });
    expect(await from('https://evil.example')).toMatchObject({
      errors: [{ extensions: { code: 'token_missing' } }],
    });
  });
});

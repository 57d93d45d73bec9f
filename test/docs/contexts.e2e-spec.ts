import type { AddressInfo } from 'node:net';
import type { INestApplication, Type } from '@nestjs/common';
import { ClientProxyFactory, Transport } from '@nestjs/microservices';
import { Test, type TestingModule } from '@nestjs/testing';
import { createClient } from 'graphql-ws';
import { TokenIssuer, TokenStateStore } from 'nestjs-token-invalidation';
import { InMemoryTokenStateStore } from 'nestjs-token-invalidation/testing';
import { lastValueFrom } from 'rxjs';
import { io } from 'socket.io-client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { freePort } from '../support/free-port.js';
import { allCodeBlocks } from './code-blocks.js';
import { removeBlocks, writeBlocks } from './generated-files.js';

const contexts = new Set(['graphql', 'websockets', 'microservices']);
const files = allCodeBlocks().filter(({ application }) => contexts.has(application ?? ''));

let folder: string;
let app: INestApplication;
let token: string;

beforeAll(() => {
  process.env['JWT_SECRET'] = 'what openssl rand -base64 48 would have printed';
  folder = writeBlocks(files, 'contexts');
});
afterAll(() => removeBlocks(folder));
afterEach(() => app?.close());

/** The application of a page, over a store in memory, with a token of anna. */
async function start(
  name: string,
  prepare: (app: INestApplication) => Promise<unknown> = async () => {},
): Promise<string> {
  const { AppModule } = (await import(`${folder}/${name}/app.module.ts`)) as {
    AppModule: Type<object>;
  };
  const store = new InMemoryTokenStateStore();
  const module: TestingModule = await Test.createTestingModule({ imports: [AppModule] })
    .overrideProvider(TokenStateStore)
    .useValue(store)
    .compile();
  app = module.createNestApplication({ logger: false });
  await prepare(app);
  await app.listen(0, '127.0.0.1');
  const user = store.add({ id: 'anna', passwordHash: 'hash' });
  token = app.get(TokenIssuer, { strict: false }).issue(user);
  return `127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
}

describe('the page about GraphQL', () => {
  it('has an application whose operations are guarded', async () => {
    const host = await start('graphql');
    const query = async (text: string, headers: Record<string, string>) => {
      const response = await fetch(`http://${host}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ query: text }),
      });
      return (await response.json()) as object;
    };
    const bearer = { authorization: `Bearer ${token}` };
    expect(await query('{ me motto recoveryCodes }', bearer)).toEqual({
      data: { me: 'anna', motto: 'anyone may read this', recoveryCodes: 'secret' },
    });
    expect(await query('{ motto }', {})).toEqual({ data: { motto: 'anyone may read this' } });
    expect(await query('{ me }', {})).toMatchObject({
      errors: [{ extensions: { code: 'token_missing' } }],
    });

    const client = createClient({
      url: `ws://${host}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: token },
    });
    for await (const answer of client.iterate({ query: 'subscription { ticks }' })) {
      expect(answer).toEqual({ data: { ticks: 'anna' } });
    }
    await client.dispose();
  });
});

describe('the page about WebSockets', () => {
  it('has an application whose messages are guarded', async () => {
    const host = await start('websockets');
    const say = async (options: object): Promise<unknown> => {
      const socket = io(`http://${host}`, {
        transports: ['websocket'],
        forceNew: true,
        ...options,
      });
      const answer = new Promise((resolve) => {
        socket.on('said', resolve).on('exception', resolve);
      });
      socket.emit('say', 'hello');
      await answer;
      socket.disconnect();
      return answer;
    };
    const said = { by: 'anna', text: 'hello' };
    expect(await say({ auth: { token } })).toEqual(said);
    expect(await say({})).toMatchObject({ errorCode: 'token_missing', cause: { pattern: 'say' } });

    const cookie = `access_token=${token}`;
    const from = (origin: string) => say({ extraHeaders: { cookie, origin } });
    expect(await from(`http://${host}`)).toEqual(said);
    expect(await from('https://evil.example')).toMatchObject({ errorCode: 'token_missing' });
  });
});

describe('the page about microservices', () => {
  it('has an application whose messages are guarded', async () => {
    const port = await freePort();
    await start('microservices', async (made) => {
      made.connectMicroservice({ transport: Transport.TCP, options: { host: '127.0.0.1', port } });
      await made.startAllMicroservices();
    });
    const client = ClientProxyFactory.create({
      transport: Transport.TCP,
      options: { host: '127.0.0.1', port },
    });
    const send = (pattern: string, data: object) =>
      lastValueFrom(client.send<object>(pattern, data));
    expect(await send('orders.mine', { token })).toEqual({ of: 'anna' });
    expect(await send('prices', {})).toEqual({ beer: 5 });
    await expect(send('orders.mine', {})).rejects.toMatchObject({ errorCode: 'token_missing' });
    client.close();
  });
});

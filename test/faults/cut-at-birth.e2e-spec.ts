import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { type NodeProcess, startNode } from '../support/node-process.js';
import { createApp, type TestApp } from '../support/create-app.js';
import { createUser, PASSWORD } from '../support/users.js';

/** PostgreSQL's ReadyForQuery: the login to the database is done. */
const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);

describe('a connection that is cut as it opens, its end in the same packet as its beginning', () => {
  let database: TestDatabase;
  let app: TestApp;
  let proxy: CuttingProxy;
  let node: NodeProcess;

  beforeAll(async () => {
    database = await createDatabase();
    app = await createApp({ url: database.url });
    proxy = await openProxy(database.url);
    node = await startNode({ url: proxy.url });
  });

  afterAll(async () => {
    await node?.stop();
    await proxy?.close();
    await app?.close();
    await database?.drop();
  });

  it('is 503 for the requests that waited for it, and does not end the process', async () => {
    const user = await createUser(app.dataSource);
    const token = await node.login(user.email, PASSWORD);

    proxy.cutting = true;
    expect(await node.get('/auth/me', token)).toMatchObject({ status: 503 });
    expect(proxy.cuts).toBeGreaterThan(0);

    proxy.cutting = false;
    expect(await node.ask(token)).toBe(200);
  });
});

interface CuttingProxy {
  readonly url: string;
  cutting: boolean;
  cuts: number;
  close(): Promise<void>;
}

/** Hands everything on; while cutting, ends each connection that has just logged in to the database. */
async function openProxy(databaseUrl: string): Promise<CuttingProxy> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  const server: Server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) sockets.add(socket.on('error', () => {}));
    client.pipe(upstream);
    upstream.on('data', (data) => {
      if (!proxy.cutting || !data.includes(READY)) return client.write(data);
      proxy.cuts += 1;
      upstream.destroy();
      return client.end(Buffer.concat([data, fatal('57P01')]));
    });
    upstream.on('close', () => client.end());
  });
  await new Promise<void>((listening) => {
    server.listen(0, '127.0.0.1', listening);
  });
  const url = new URL(databaseUrl);
  url.port = String((server.address() as AddressInfo).port);
  const proxy: CuttingProxy = {
    url: url.href,
    cutting: false,
    cuts: 0,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((closed) => {
        server.close(closed);
      });
    },
  };
  return proxy;
}

/** What PostgreSQL says when an administrator ends a connection. */
function fatal(code: string): Buffer {
  const fields = `SFATAL\0C${code}\0Mterminating connection due to administrator command\0\0`;
  const message = Buffer.alloc(5 + fields.length);
  message.write('E');
  message.writeInt32BE(4 + fields.length, 1);
  message.write(fields, 5, 'latin1');
  return message;
}

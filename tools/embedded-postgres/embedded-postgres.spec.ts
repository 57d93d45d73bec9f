import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Client } from 'pg';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import {
  databaseServer,
  startPostgres,
  type RunningPostgres,
  type StartOptions,
} from './embedded-postgres.js';
import { ask, endOf } from './spec-support/connections.js';
import { isWindows, ownServerOnly } from './spec-support/machine.js';
import { expectNothingLeft, listen, useWorkshop, WAITING } from './spec-support/workshop.js';

const workshop = useWorkshop();

/** A server of this process, which stops even if its test fails. */
async function startHere(options?: StartOptions): Promise<RunningPostgres> {
  const server = await startPostgres(options);
  onTestFinished(() => server.stop());
  return server;
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return address.port;
}

function listenerCounts(): number[] {
  return ['SIGINT', 'SIGTERM', 'SIGHUP', 'exit'].map((event) => process.listenerCount(event));
}

describe.skipIf(ownServerOnly)('an embedded PostgreSQL', () => {
  it('is the server of the npm package, on 127.0.0.1 only, with data that need not last', async () => {
    const server = await startHere();
    const [settings] = await ask<{ settings: Record<string, string> }>(
      server.url,
      `SELECT jsonb_object_agg(name, setting) AS settings FROM pg_settings`,
    );
    await server.stop();
    expect(settings!.settings).toMatchObject({
      server_version: '18.4',
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      fsync: 'off',
      synchronous_commit: 'off',
      full_page_writes: 'off',
      max_connections: '200',
      server_encoding: 'UTF8',
      lc_messages: 'C',
      dynamic_shared_memory_type: isWindows ? 'windows' : 'mmap',
    });
    expect(settings!.settings['port']).toBe(new URL(server.url).port);
    expect(settings!.settings['data_directory']).toContain(tmpdir());
  });

  it('needs no program and no setting of the system', async () => {
    const lines = 'const server = await startPostgres(); say(server.url); await server.stop();';
    const env = {
      PATH: '',
      PGDATA: '/nowhere',
      PGPORT: '1',
      PGOPTIONS: '-c fsync=on',
      LC_ALL: 'xx',
    };
    const result = await workshop().run(lines, { env });
    expect(result).toMatchObject({ code: 0, complaints: '' });
    expect(result.said).toMatch(/^"postgres:\/\/postgres:\w+@127\.0\.0\.1:\d+\/postgres"$/);
    await expectNothingLeft(workshop());
  });

  it('lets no one in without the password, and keeps the password in no file', async () => {
    const child = workshop().launch(WAITING);
    const url = new URL(await listen(child)());
    const { password } = url;
    url.password = 'wrong';
    await expect(ask(url.href, 'SELECT 1')).rejects.toThrow('password authentication failed');
    const texts = readdirSync(workshop().onlyHome(), { recursive: true, encoding: 'utf8' })
      .map((name) => join(workshop().onlyHome(), name))
      .filter((path) => statSync(path).isFile())
      .map((path) => readFileSync(path, 'latin1'));
    expect(texts.some((text) => text.includes(password))).toBe(false);
  });

  it('takes another port when the chosen one is in use', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const port = portOf(other);
    const ports = [port, port, 31_999, 31_998, 31_997];
    const server = await startHere({ choosePort: () => ports.shift()! });
    other.close();
    expect(Number(new URL(server.url).port)).toBeGreaterThan(31_990);
    expect(ports.length).toBeLessThan(3);
    await server.stop();
  });

  it('says that no port was free', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const port = portOf(other);
    const attempt = startPostgres({ choosePort: () => port });
    await expect(attempt).rejects.toThrow(/None of 20 ports was free .* set DATABASE_URL/);
    other.close();
  });

  it('goes down and comes back with its port and its data', async () => {
    const server = await startHere();
    await ask(server.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await server.takeDown();
    await server.takeDown();
    await expect(ask(server.url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');
    await server.bringBack();
    await server.bringBack();
    expect(await ask(server.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    await server.stop();
  });

  it('goes down under a client that is connected', async () => {
    const server = await startHere();
    const client = new Client({ connectionString: server.url });
    await client.connect();
    const lost = endOf(client);
    await server.takeDown();
    await expect(lost).resolves.toBe('ended');
    await server.stop();
  });

  it('can not come back on a port that another program has taken', async () => {
    const server = await startHere();
    await server.takeDown();
    const other = createServer().listen(Number(new URL(server.url).port), '127.0.0.1');
    await once(other, 'listening');
    await expect(server.bringBack()).rejects.toThrow('another program took its port');
    other.close();
    await once(other, 'close');
    await server.bringBack();
    await server.stop();
  });

  it('stops once and for good, however often it is asked to', async () => {
    const server = await startHere();
    const [row] = await ask<{ data_directory: string }>(server.url, 'SHOW data_directory');
    await Promise.all([server.stop(), server.stop(), server.takeDown()]);
    await server.stop();
    expect(existsSync(dirname(row!.data_directory))).toBe(false);
    await expect(server.bringBack()).rejects.toThrow('was stopped and its data removed');
  });

  it.skipIf(isWindows)('leaves no listener on the process that has stopped it', async () => {
    const before = listenerCounts();
    await (await startPostgres()).stop();
    await expect(startPostgres({ choosePort: () => -1 })).rejects.toThrow('did not start');
    expect(listenerCounts()).toEqual(before);
  });
});

describe('the server of the tests and the demo', () => {
  it('is the one that DATABASE_URL names, which is not ours to stop', async () => {
    const url = inject('databaseUrl');
    const server = await databaseServer({ DATABASE_URL: url });
    await server.stop();
    expect(server.url).toBe(url);
    expect(await ask(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it.skipIf(ownServerOnly)('is started when DATABASE_URL is empty', async () => {
    const server = await databaseServer({ DATABASE_URL: '' });
    expect(await ask(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await server.stop();
  });

  it('can not be one that is no PostgreSQL', async () => {
    const server = databaseServer({ DATABASE_URL: 'mysql://127.0.0.1/test' });
    await expect(server).rejects.toThrow('Write it as postgres://');
  });
});

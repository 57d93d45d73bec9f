import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { until } from '../../test/support/until.js';
import { isWindows, ownServerOnly } from './spec-support/machine.js';
import {
  expectNothingLeft,
  listen,
  serverPid,
  useWorkshop,
  WAITING,
} from './spec-support/workshop.js';

const workshop = useWorkshop();

describe.skipIf(ownServerOnly || isWindows)('an embedded PostgreSQL whose process ends', () => {
  it('ends with a process that has nothing left to do', async () => {
    const lines = 'await startPostgres();';
    expect(await workshop().run(lines)).toMatchObject({ code: 0, complaints: '' });
    await expectNothingLeft(workshop());
  });

  it('ends with a process that exits', async () => {
    const lines = 'await startPostgres(); process.exit(3);';
    expect(await workshop().run(lines)).toMatchObject({ code: 3, complaints: '' });
    await expectNothingLeft(workshop());
  });

  it('ends with a process that fails', async () => {
    const lines = 'await startPostgres(); throw new Error("on purpose");';
    const { code, complaints } = await workshop().run(lines);
    expect({ code, complaints }).toEqual({
      code: 1,
      complaints: expect.stringContaining('on purpose'),
    });
    await expectNothingLeft(workshop());
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'ends on %s, as does its process',
    async (signal) => {
      const child = workshop().launch(WAITING);
      await listen(child)();
      const pid = serverPid(workshop().onlyHome());
      child.kill(signal);
      expect(await once(child, 'exit')).toEqual([null, signal]);
      await expectNothingLeft(workshop(), pid);
    },
  );

  it('ends with every other server of its process', async () => {
    const child = workshop().launch(`await startPostgres(); ${WAITING}`);
    await listen(child)();
    const pids = workshop().homes().map(serverPid);
    expect(pids).toHaveLength(2);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([null, 'SIGTERM']);
    for (const pid of pids) await expectNothingLeft(workshop(), pid);
  });

  it('ends on a signal that comes while its data folder is being made', async () => {
    const child = workshop().launch(WAITING);
    await until('a data folder is being made', () =>
      workshop()
        .homes()
        .some((home) => existsSync(join(home, 'data/PG_VERSION'))),
    );
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([null, 'SIGTERM']);
    await expectNothingLeft(workshop());
  });

  it('ends on a signal while it is down', async () => {
    const lines = 'const server = await startPostgres(); await server.takeDown(); say("down");';
    const child = workshop().launch(`${lines} setInterval(() => {}, 1e6);`);
    await listen(child)();
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([null, 'SIGTERM']);
    await expectNothingLeft(workshop());
  });

  it('lasts until the shutdown hooks of a Nest application are through', async () => {
    const child = workshop().launch(`import 'reflect-metadata';
       import { NestFactory } from '@nestjs/core';
       import pg from 'pg';
       const { url } = await startPostgres();
       class AppModule {}
       const ask = async () => {
         const client = new pg.Client(url);
         await client.connect();
         say((await client.query("SELECT 'asked at the end' AS text")).rows[0].text);
         await client.end();
       };
       const hooks = { provide: 'HOOKS', useValue: { onModuleDestroy: ask, onApplicationShutdown: ask } };
       const module = { module: AppModule, providers: [hooks] };
       const app = await NestFactory.createApplicationContext(module, { logger: false });
       app.enableShutdownHooks();
       say('ready');
       setInterval(() => {}, 1e6);`);
    const next = listen(child);
    expect(await next()).toBe('ready');
    const pid = serverPid(workshop().onlyHome());
    child.kill('SIGTERM');
    expect(await next()).toBe('asked at the end');
    expect(await next()).toBe('asked at the end');
    expect(await once(child, 'close')).toEqual([null, 'SIGTERM']);
    await expectNothingLeft(workshop(), pid);
  });

  it.each(['on', 'once'])('leaves the end to a host that listens with %s', async (listenWith) => {
    const child = workshop().launch(`import pg from 'pg';
       const { url } = await startPostgres();
       const timer = setInterval(() => {}, 1e6);
       process.${listenWith}('SIGTERM', async () => {
         const client = new pg.Client(url);
         await client.connect();
         await client.end();
         say('host is through');
         clearInterval(timer);
       });
       say('ready');`);
    const next = listen(child);
    await next();
    const pid = serverPid(workshop().onlyHome());
    child.kill('SIGTERM');
    expect(await next()).toBe('host is through');
    expect(await once(child, 'close')).toEqual([0, null]);
    await expectNothingLeft(workshop(), pid);
  });
});

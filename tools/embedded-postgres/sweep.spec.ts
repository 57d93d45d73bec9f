import { chownSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { until } from '../../test/support/until.js';
import { ownPrefix } from './cluster-home.js';
import { ask } from './spec-support/connections.js';
import { isRoot, isWindows, ownServerOnly } from './spec-support/machine.js';
import {
  expectNothingLeft,
  kill,
  listen,
  serverPid,
  useWorkshop,
  WAITING,
} from './spec-support/workshop.js';

const workshop = useWorkshop();

/** A home whose owner has the id of this process and another start: as if the system had given the id again. */
function leftHome(): string {
  return join(workshop().temporary, `${basename(ownPrefix()).replace(/\d+-$/, '1-')}left`);
}

async function leaveServer(): Promise<{ url: string; pid: number }> {
  const child = workshop().launch(WAITING);
  const url = await listen(child)();
  const pid = serverPid(workshop().onlyHome());
  await kill(child);
  return { url, pid };
}

describe.skipIf(ownServerOnly || isWindows)('what a killed process has left', () => {
  const startAndStop = 'await (await startPostgres()).stop();';

  it('is ended and removed by the next start', async () => {
    const { url, pid } = await leaveServer();
    expect(await ask(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await workshop().run(startAndStop);
    await expect(ask(url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');
    await expectNothingLeft(workshop(), pid);
  });

  it('is removed when several start at once', async () => {
    const { pid } = await leaveServer();
    const project = workshop().linkedProject();
    const results = await Promise.all(
      [1, 2, 3].map(() => workshop().run(startAndStop, { project })),
    );
    expect(results.map(({ complaints }) => complaints)).toEqual(['', '', '']);
    await expectNothingLeft(workshop(), pid);
  });

  it('is removed when the process was killed while its data folder was being made', async () => {
    const child = workshop().launch(WAITING);
    await until('a data folder is being made', () =>
      workshop()
        .homes()
        .some((home) => existsSync(join(home, 'data/PG_VERSION'))),
    );
    await kill(child);
    const result = await workshop().run(startAndStop);
    expect(result.complaints).toBe('');
    await expectNothingLeft(workshop());
  });

  it('does not take a server whose process is alive with it', async () => {
    const child = workshop().launch(WAITING);
    const url = await listen(child)();
    const home = workshop().onlyHome();
    await workshop().run(startAndStop);
    expect(workshop().homes()).toEqual([home]);
    expect(await ask(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('does not take a process with it that has got the id of the server', async () => {
    const bystander = workshop().launch('say("here"); setInterval(() => {}, 1e6);');
    const next = listen(bystander);
    await next();
    const home = leftHome();
    mkdirSync(join(home, 'data'), { recursive: true });
    writeFileSync(join(home, 'data/postmaster.pid'), `${bystander.pid}\n${home}/data\n`);
    await workshop().run(startAndStop);
    expect(workshop().homes()).toEqual([]);
    expect(bystander.exitCode ?? bystander.signalCode).toBeNull();
  });

  it.runIf(isRoot)('stays when another user has made it', async () => {
    const home = leftHome();
    mkdirSync(home);
    chownSync(home, 65_534, 65_534);
    await workshop().run(startAndStop);
    expect(workshop().homes()).toEqual([home]);
    chownSync(home, 0, 0);
  });
});

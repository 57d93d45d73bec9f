import {
  chmodSync,
  existsSync,
  mkdirSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nativeFolder } from './binaries.js';
import { findServerUser } from './server-user.js';
import { ask } from './spec-support/connections.js';
import { isRoot, isWindows, ownServerOnly } from './spec-support/machine.js';
import { linksOf } from './spec-support/starter.js';
import { expectNothingLeft, listen, useWorkshop, WAITING } from './spec-support/workshop.js';

const workshop = useWorkshop();

describe.skipIf(ownServerOnly || isWindows)('the package of an embedded PostgreSQL', () => {
  const startAndStop = `
    const server = await startPostgres();
    say(server.url);
    await server.stop();`;

  it('gets the links that npm has not made', async () => {
    const { project, native } = workshop().unpackedProject();
    expect(await workshop().run(startAndStop, { project })).toMatchObject({
      code: 0,
      complaints: '',
    });
    expect(linksOf(native).filter((link) => !existsSync(link))).toEqual([]);
  });

  it('is used by several starters at once when its links are missing', async () => {
    const { project } = workshop().unpackedProject();
    const results = await Promise.all(
      [1, 2, 3].map(() => workshop().run(startAndStop, { project })),
    );
    expect(results.map(({ complaints }) => complaints)).toEqual(['', '', '']);
    await expectNothingLeft(workshop());
  });

  it.skipIf(isRoot)('is copied when its folder may not be written to', async () => {
    const { project, native } = workshop().unpackedProject();
    chmodSync(join(native, 'lib'), 0o555);
    const result = await workshop().run(startAndStop, { project });
    chmodSync(join(native, 'lib'), 0o755);
    expect(result).toMatchObject({ code: 0, complaints: '' });
    expect(linksOf(native).filter((link) => existsSync(link))).toEqual([]);
    await expectNothingLeft(workshop());
  });

  it.runIf(isRoot)('is copied when the user of the server may not enter its folder', async () => {
    const { project } = workshop().unpackedProject();
    chmodSync(project, 0o700);
    expect(await workshop().run(startAndStop, { project })).toMatchObject({
      code: 0,
      complaints: '',
    });
    await expectNothingLeft(workshop());
  });

  it.runIf(isRoot)('runs as an account that exists already, and not as root', async () => {
    const child = workshop().launch(WAITING);
    const url = await listen(child)();
    const data = statSync(join(workshop().onlyHome(), 'data'));
    expect(data).toMatchObject({ uid: findServerUser()!.uid, gid: findServerUser()!.gid });
    // The server itself refuses to run over the data folder of another user.
    expect(await ask(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('explains a temporary folder without access', async () => {
    const closed = join(workshop().temporary, 'closed');
    mkdirSync(closed, { mode: isRoot ? 0o700 : 0o500 });
    const result = await workshop().run(startAndStop, { env: { TMPDIR: closed } });
    expect(result.code).toBe(1);
    expect(result.complaints).toMatch(isRoot ? /Set TMPDIR to a folder/ : /EACCES/);
    rmSync(closed, { recursive: true });
  });

  it('explains a system without glibc', async () => {
    const { project, native } = workshop().unpackedProject();
    unlinkSync(join(native, 'bin/postgres'));
    // What an Alpine says of the real one: the file is there, and what should load it is not.
    writeFileSync(join(native, 'bin/postgres'), '#!/lib/no-such-loader\n', { mode: 0o755 });
    const result = await workshop().run(startAndStop, { project });
    expect(result.complaints).toMatch(/needs a Linux with glibc.*set DATABASE_URL/);
    await expectNothingLeft(workshop());
  });

  it('explains that it is not installed', async () => {
    const { project } = workshop().unpackedProject();
    rmSync(join(project, 'node_modules'), { recursive: true });
    const result = await workshop().run(startAndStop, { project });
    expect(result.complaints).toMatch(/is not installed. Run "npm install".*set DATABASE_URL/);
    await expectNothingLeft(workshop());
  });

  it('explains that there is none for the machine', () => {
    expect(() => nativeFolder('sunos', 'sparc')).toThrow('There are packages for Linux (glibc)');
  });
});

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import ts from 'typescript';
import {
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  inject,
  it,
  onTestFinished,
} from 'vitest';
import { nativeFolder } from '../tools/embedded-postgres/binaries.js';
import { ownPrefix } from '../tools/embedded-postgres/cluster-home.js';
import {
  databaseServer,
  startPostgres,
  type RunningPostgres,
  type StartOptions,
} from '../tools/embedded-postgres/embedded-postgres.js';
import { commandLine } from '../tools/embedded-postgres/processes.js';
import { findServerUser } from '../tools/embedded-postgres/server-user.js';
import { createDatabase, createEmptyDatabase } from './support/database.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const isRoot = process.getuid?.() === 0;
const isWindows = process.platform === 'win32';
// Whoever names a server of their own may do so because this machine can not run the embedded one.
const ownServerOnly = Boolean(process.env['DATABASE_URL']);

/** The starter as JavaScript, for processes that know nothing of TypeScript: texts by the name of their file. */
let starter: Map<string, string>;

/** A folder that holds all that a test writes: its projects, and the temporary folder of their processes. */
let room: string;
let temporary: string;
let children: ChildProcess[];

beforeAll(() => {
  const source = join(root, 'tools/embedded-postgres');
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 };
  starter = new Map(
    readdirSync(source)
      .filter((name) => name.endsWith('.ts'))
      .map((name) => {
        const text = readFileSync(join(source, name), 'utf8');
        const { outputText } = ts.transpileModule(text, { compilerOptions });
        return [name.replace(/ts$/, 'js'), outputText];
      }),
  );
});

beforeEach(() => {
  // Real paths, for macOS reaches its temporary folder through a link.
  room = realpathSync(mkdtempSync(join(tmpdir(), 'embedded-postgres-spec-')));
  temporary = join(room, 'tmp');
  mkdirSync(temporary);
  chmodSync(room, 0o755);
  children = [];
});

afterEach(async () => {
  for (const child of children) await kill(child);
  // What a killed process or a failed test has left.
  if (homes().length > 0) {
    await runInProject(linkedProject(), `await (await import('./sweep.js')).sweep();`);
  }
  rmSync(room, { recursive: true, force: true });
});

function writeStarter(project: string): void {
  for (const [name, text] of starter) writeFileSync(join(project, name), text);
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
}

/** A project with the dependencies of this one. */
function linkedProject(): string {
  const project = mkdtempSync(join(room, 'project-'));
  writeStarter(project);
  symlinkSync(join(root, 'node_modules'), join(project, 'node_modules'), 'junction');
  return project;
}

/** A project with the package of this machine as npm unpacks it: without the links. Returns its folder `native` too. */
function unpackedProject(): { project: string; native: string } {
  const project = mkdtempSync(join(room, 'project-'));
  writeStarter(project);
  const installed = dirname(nativeFolder());
  const copy = join(project, 'node_modules', installed.slice(installed.indexOf('@embedded-')));
  cpSync(installed, copy, { recursive: true, verbatimSymlinks: true });
  const native = join(copy, 'native');
  for (const link of linksOf(native)) rmSync(link, { force: true });
  return { project, native };
}

function linksOf(native: string): string[] {
  const links: { target: string }[] = JSON.parse(
    readFileSync(join(native, 'pg-symlinks.json'), 'utf8'),
  );
  return links.map(({ target }) => join(native, '..', target));
}

/** Starts a process that runs the lines given, with `startPostgres` and `say` at hand. */
function launch(project: string, lines: string, env: Record<string, string> = {}): ChildProcess {
  const script = join(project, `script-${children.length}.js`);
  writeFileSync(
    script,
    `import { startPostgres } from './embedded-postgres.js';
     const say = (value) => process.stdout.write(JSON.stringify(value) + '\\n');
     ${lines}`,
  );
  const child = spawn(process.execPath, [script], {
    cwd: project,
    env: { ...process.env, TMPDIR: temporary, TEMP: temporary, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  return child;
}

/** What the process says, line by line; fails with its complaints if it ends without another word. */
function listen(child: ChildProcess): () => Promise<string> {
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  let complaints = '';
  child.stderr!.on('data', (chunk) => (complaints += String(chunk)));
  return async () => {
    const { done, value } = await lines.next();
    if (done) throw new Error(`The process ended without another word.\n${complaints}`);
    return JSON.parse(value);
  };
}

async function runInProject(project: string, lines: string, env: Record<string, string> = {}) {
  const child = launch(project, lines, env);
  let said = '';
  let complaints = '';
  child.stdout!.on('data', (chunk) => (said += String(chunk)));
  child.stderr!.on('data', (chunk) => (complaints += String(chunk)));
  const [code, signal] = await once(child, 'close');
  return { code, signal, said: said.trim(), complaints };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const end = once(child, 'exit');
  child.kill('SIGKILL');
  await end;
}

async function ask<Row extends object>(url: string, statement: string): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  // The server may end the connection before the client does.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Row>(statement)).rows;
  } finally {
    await client.end();
  }
}

/** A server of this process, which stops even if its test fails. */
async function startHere(options?: StartOptions): Promise<RunningPostgres> {
  const server = await startPostgres(options);
  onTestFinished(() => server.stop());
  return server;
}

/** The end of a connection that the server cuts, which comes with errors of its own. */
function endOf(client: Client): Promise<'ended'> {
  client.on('error', () => undefined);
  return new Promise((resolve) => client.once('end', () => resolve('ended')));
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return address.port;
}

/** A home whose owner has the id of this process and another start: as if the system had given the id anew. */
function leftHome(): string {
  return join(temporary, `${basename(ownPrefix()).replace(/\d+-$/, '1-')}left`);
}

function listenerCounts(): number[] {
  return ['SIGINT', 'SIGTERM', 'SIGHUP', 'exit'].map((event) => process.listenerCount(event));
}

/** The homes of servers below the temporary folder. */
function homes(): string[] {
  return readdirSync(temporary).map((name) => join(temporary, name));
}

function onlyHome(): string {
  expect(homes()).toHaveLength(1);
  return homes()[0]!;
}

function serverPid(home: string): number {
  return Number.parseInt(readFileSync(join(home, 'data/postmaster.pid'), 'utf8'), 10);
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(5);
}

/** A server whose process has just ended is still listed until the system has taken note of it. */
async function expectNothingLeft(pid?: number): Promise<void> {
  expect(homes()).toEqual([]);
  if (pid !== undefined) await until(() => commandLine(pid) === '');
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
    const result = await runInProject(linkedProject(), lines, env);
    expect(result).toMatchObject({ code: 0, complaints: '' });
    expect(result.said).toMatch(/^"postgres:\/\/postgres:\w+@127\.0\.0\.1:\d+\/postgres"$/);
    await expectNothingLeft();
  });

  it('lets no one in without the password, and keeps the password in no file', async () => {
    const child = launch(
      linkedProject(),
      'say((await startPostgres()).url); setInterval(() => {}, 1e6);',
    );
    const url = new URL(await listen(child)());
    const { password } = url;
    url.password = 'wrong';
    await expect(ask(url.href, 'SELECT 1')).rejects.toThrow('password authentication failed');
    const texts = readdirSync(onlyHome(), { recursive: true, encoding: 'utf8' })
      .map((name) => join(onlyHome(), name))
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

  it('stops once, however often it is told to, and for good', async () => {
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

describe.skipIf(ownServerOnly || isWindows)('the package of an embedded PostgreSQL', () => {
  const startAndStop = `
    const server = await startPostgres();
    say(server.url);
    await server.stop();`;

  it('gets the links that npm has not made', async () => {
    const { project, native } = unpackedProject();
    expect(await runInProject(project, startAndStop)).toMatchObject({ code: 0, complaints: '' });
    expect(linksOf(native).filter((link) => !existsSync(link))).toEqual([]);
  });

  it('is used by several starters at once when its links are missing', async () => {
    const { project } = unpackedProject();
    const results = await Promise.all([1, 2, 3].map(() => runInProject(project, startAndStop)));
    expect(results.map(({ complaints }) => complaints)).toEqual(['', '', '']);
    await expectNothingLeft();
  });

  it.skipIf(isRoot)('is copied when its folder may not be written to', async () => {
    const { project, native } = unpackedProject();
    chmodSync(join(native, 'lib'), 0o555);
    const result = await runInProject(project, startAndStop);
    chmodSync(join(native, 'lib'), 0o755);
    expect(result).toMatchObject({ code: 0, complaints: '' });
    expect(linksOf(native).filter((link) => existsSync(link))).toEqual([]);
    await expectNothingLeft();
  });

  it.runIf(isRoot)('is copied when the user of the server may not enter its folder', async () => {
    const { project } = unpackedProject();
    chmodSync(project, 0o700);
    expect(await runInProject(project, startAndStop)).toMatchObject({ code: 0, complaints: '' });
    await expectNothingLeft();
  });

  it.runIf(isRoot)('runs as an account that exists already, and not as root', async () => {
    const child = launch(
      linkedProject(),
      'say((await startPostgres()).url); setInterval(() => {}, 1e6);',
    );
    const url = await listen(child)();
    const data = statSync(join(onlyHome(), 'data'));
    expect(data).toMatchObject({ uid: findServerUser()!.uid, gid: findServerUser()!.gid });
    // The server itself refuses to run over the data folder of another user.
    expect(await ask(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('explains a temporary folder without access', async () => {
    const closed = join(temporary, 'closed');
    mkdirSync(closed, { mode: isRoot ? 0o700 : 0o500 });
    const result = await runInProject(linkedProject(), startAndStop, { TMPDIR: closed });
    expect(result.code).toBe(1);
    expect(result.complaints).toMatch(isRoot ? /Set TMPDIR to a folder/ : /EACCES/);
    rmSync(closed, { recursive: true });
  });

  it('explains a system without glibc', async () => {
    const { project, native } = unpackedProject();
    unlinkSync(join(native, 'bin/postgres'));
    // What an Alpine says of the real one: the file is there, and what should load it is not.
    writeFileSync(join(native, 'bin/postgres'), '#!/lib/no-such-loader\n', { mode: 0o755 });
    const result = await runInProject(project, startAndStop);
    expect(result.complaints).toMatch(/needs a Linux with glibc.*set DATABASE_URL/);
    await expectNothingLeft();
  });

  it('explains that it is not installed', async () => {
    const { project } = unpackedProject();
    rmSync(join(project, 'node_modules'), { recursive: true });
    const result = await runInProject(project, startAndStop);
    expect(result.complaints).toMatch(/is not installed. Run "npm install".*set DATABASE_URL/);
    await expectNothingLeft();
  });

  it('explains that there is none for the machine', () => {
    expect(() => nativeFolder('sunos', 'sparc')).toThrow('There are packages for Linux (glibc)');
  });
});

describe('the user of an embedded PostgreSQL', () => {
  const accounts = 'root:x:0:0::/:/bin/sh\nnobody:x:65534:65533::/:/bin/false\n';

  it('is the one who starts it', () => {
    expect(findServerUser(1000, () => accounts)).toBeUndefined();
  });

  it('is postgres, or else nobody, when root starts it', () => {
    const nobody = { name: 'nobody', uid: 65534, gid: 65533 };
    const postgres = { name: 'postgres', uid: 101, gid: 104 };
    expect(findServerUser(0, () => accounts)).toEqual(nobody);
    expect(findServerUser(0, () => `${accounts}postgres:x:101:104::/:\n`)).toEqual(postgres);
  });

  it('can not be found in a system of nobody but root', () => {
    expect(() => findServerUser(0, () => 'root:x:0:0::/:\n')).toThrow('set DATABASE_URL');
  });
});

describe.skipIf(ownServerOnly || isWindows)('an embedded PostgreSQL whose process ends', () => {
  const waiting = 'say((await startPostgres()).url); setInterval(() => {}, 1e6);';

  it('ends with a process that has nothing left to do', async () => {
    const lines = 'await startPostgres();';
    expect(await runInProject(linkedProject(), lines)).toMatchObject({ code: 0, complaints: '' });
    await expectNothingLeft();
  });

  it('ends with a process that exits', async () => {
    const lines = 'await startPostgres(); process.exit(3);';
    expect(await runInProject(linkedProject(), lines)).toMatchObject({ code: 3, complaints: '' });
    await expectNothingLeft();
  });

  it('ends with a process that fails', async () => {
    const lines = 'await startPostgres(); throw new Error("on purpose");';
    const { code, complaints } = await runInProject(linkedProject(), lines);
    expect({ code, complaints }).toEqual({
      code: 1,
      complaints: expect.stringContaining('on purpose'),
    });
    await expectNothingLeft();
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'ends on %s, as does its process',
    async (signal) => {
      const child = launch(linkedProject(), waiting);
      await listen(child)();
      const pid = serverPid(onlyHome());
      child.kill(signal);
      expect(await once(child, 'exit')).toEqual([null, signal]);
      await expectNothingLeft(pid);
    },
  );

  it('ends with every other server of its process', async () => {
    const child = launch(linkedProject(), `await startPostgres(); ${waiting}`);
    await listen(child)();
    const pids = homes().map(serverPid);
    expect(pids).toHaveLength(2);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([null, 'SIGTERM']);
    for (const pid of pids) await expectNothingLeft(pid);
  });

  it('ends on a signal that comes while its data folder is being made', async () => {
    const child = launch(linkedProject(), waiting);
    await until(() => homes().some((home) => existsSync(join(home, 'data/PG_VERSION'))));
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([null, 'SIGTERM']);
    await expectNothingLeft();
  });

  it('ends on a signal while it is down', async () => {
    const lines = 'const server = await startPostgres(); await server.takeDown(); say("down");';
    const child = launch(linkedProject(), `${lines} setInterval(() => {}, 1e6);`);
    await listen(child)();
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([null, 'SIGTERM']);
    await expectNothingLeft();
  });

  it('lasts until the shutdown hooks of a Nest application are through', async () => {
    const child = launch(
      linkedProject(),
      `import 'reflect-metadata';
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
       setInterval(() => {}, 1e6);`,
    );
    const next = listen(child);
    expect(await next()).toBe('ready');
    const pid = serverPid(onlyHome());
    child.kill('SIGTERM');
    expect(await next()).toBe('asked at the end');
    expect(await next()).toBe('asked at the end');
    expect(await once(child, 'close')).toEqual([null, 'SIGTERM']);
    await expectNothingLeft(pid);
  });

  it.each(['on', 'once'])('leaves the end to a host that listens with %s', async (listenWith) => {
    const child = launch(
      linkedProject(),
      `import pg from 'pg';
       const { url } = await startPostgres();
       const timer = setInterval(() => {}, 1e6);
       process.${listenWith}('SIGTERM', async () => {
         const client = new pg.Client(url);
         await client.connect();
         await client.end();
         say('host is through');
         clearInterval(timer);
       });
       say('ready');`,
    );
    const next = listen(child);
    await next();
    const pid = serverPid(onlyHome());
    child.kill('SIGTERM');
    expect(await next()).toBe('host is through');
    expect(await once(child, 'close')).toEqual([0, null]);
    await expectNothingLeft(pid);
  });
});

describe.skipIf(ownServerOnly || isWindows)('what a killed process has left', () => {
  const waiting = 'say((await startPostgres()).url); setInterval(() => {}, 1e6);';
  const startAndStop = 'await (await startPostgres()).stop();';

  async function leaveServer(): Promise<{ url: string; pid: number }> {
    const child = launch(linkedProject(), waiting);
    const url = await listen(child)();
    const pid = serverPid(onlyHome());
    await kill(child);
    return { url, pid };
  }

  it('is ended and removed by the next start', async () => {
    const { url, pid } = await leaveServer();
    expect(await ask(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await runInProject(linkedProject(), startAndStop);
    await expect(ask(url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');
    await expectNothingLeft(pid);
  });

  it('is removed when several start at once', async () => {
    const { pid } = await leaveServer();
    const project = linkedProject();
    const results = await Promise.all([1, 2, 3].map(() => runInProject(project, startAndStop)));
    expect(results.map(({ complaints }) => complaints)).toEqual(['', '', '']);
    await expectNothingLeft(pid);
  });

  it('is removed when the process was killed while its data folder was being made', async () => {
    const child = launch(linkedProject(), waiting);
    await until(() => homes().some((home) => existsSync(join(home, 'data/PG_VERSION'))));
    await kill(child);
    const result = await runInProject(linkedProject(), startAndStop);
    expect(result.complaints).toBe('');
    await expectNothingLeft();
  });

  it('does not take a server whose process is alive with it', async () => {
    const child = launch(linkedProject(), waiting);
    const url = await listen(child)();
    const home = onlyHome();
    await runInProject(linkedProject(), startAndStop);
    expect(homes()).toEqual([home]);
    expect(await ask(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('does not take a process with it that has got the id of the server', async () => {
    const bystander = launch(linkedProject(), 'say("here"); setInterval(() => {}, 1e6);');
    const next = listen(bystander);
    await next();
    const home = leftHome();
    mkdirSync(join(home, 'data'), { recursive: true });
    writeFileSync(join(home, 'data/postmaster.pid'), `${bystander.pid}\n${home}/data\n`);
    await runInProject(linkedProject(), startAndStop);
    expect(homes()).toEqual([]);
    expect(bystander.exitCode ?? bystander.signalCode).toBeNull();
  });

  it.runIf(isRoot)('stays when another user has made it', async () => {
    const home = leftHome();
    mkdirSync(home);
    chownSync(home, 65_534, 65_534);
    await runInProject(linkedProject(), startAndStop);
    expect(homes()).toEqual([home]);
    chownSync(home, 0, 0);
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

describe('a database of a test file', () => {
  it('is one of many that are made at once from the template', async () => {
    const databases = await Promise.all(Array.from({ length: 8 }, () => createDatabase()));
    expect(new Set(databases.map(({ url }) => url)).size).toBe(8);
    await Promise.all(databases.map(({ url }) => ask(url, 'CREATE TABLE mine (id int)')));
    await Promise.all(databases.map((database) => database.drop()));
  });

  it('is dropped under a client that is connected, more than once if need be', async () => {
    const database = await createEmptyDatabase();
    const client = new Client({ connectionString: database.url });
    await client.connect();
    const lost = endOf(client);
    await database.drop();
    await lost;
    await database.drop();
    await expect(ask(database.url, 'SELECT 1')).rejects.toThrow('does not exist');
  });

  it('has no table when it is made without the template', async () => {
    const database = await createEmptyDatabase();
    const tables = await ask(database.url, `SELECT FROM pg_tables WHERE schemaname = 'public'`);
    await database.drop();
    expect(tables).toEqual([]);
  });

  it('comes from a template that lets no one in', async () => {
    const url = new URL(inject('databaseUrl'));
    url.pathname = inject('databaseTemplate');
    await expect(ask(url.href, 'SELECT 1')).rejects.toThrow('not currently accepting connections');
  });
});

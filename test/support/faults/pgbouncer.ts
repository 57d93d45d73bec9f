import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasEnded } from '../../../tools/embedded-postgres/commands.js';
import { randomPort } from '../../../tools/embedded-postgres/ports.js';
import { findServerUser } from '../../../tools/embedded-postgres/server-user.js';
import { until } from '../until.js';
import { accepts } from './accepts.js';

const PROGRAM = ['/usr/sbin/pgbouncer', 'pgbouncer'].find(
  (program) => spawnSync(program, ['--version']).status === 0,
);

/** Whether the program is there. In CI it has to be. */
export const HAS_PGBOUNCER = PROGRAM !== undefined;

/** A pooler in front of a database. */
export interface PgBouncer {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts a PgBouncer that gives its connections out by the session or by the transaction. */
export async function startPgBouncer(
  databaseUrl: string,
  mode: 'session' | 'transaction',
): Promise<PgBouncer> {
  const folder = mkdtempSync(join(tmpdir(), 'tti-pgbouncer-'));
  const url = new URL(databaseUrl);
  for (let attempt = 0; attempt < 20; attempt++) {
    url.port = String(randomPort());
    const child = launch(new URL(databaseUrl), { folder, port: url.port, mode });
    if (!(await hasThePort(child, Number(url.port)))) continue;
    return {
      url: url.href,
      stop: async () => {
        const ended = once(child, 'exit');
        child.kill('SIGKILL');
        await ended;
        rmSync(folder, { recursive: true });
      },
    };
  }
  throw new Error('PgBouncer did not start on any of 20 ports.');
}

function launch(
  target: URL,
  { folder, port, mode }: { folder: string; port: string; mode: string },
): ChildProcess {
  const settings = {
    listen_addr: '127.0.0.1',
    listen_port: port,
    unix_socket_dir: '',
    auth_type: 'plain',
    auth_file: join(folder, 'users'),
    pool_mode: mode,
    default_pool_size: 30,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  const password = decodeURIComponent(target.password);
  const database = `* = host=${target.hostname} port=${target.port}`;
  writeFileSync(join(folder, 'ini'), ['[databases]', database, '[pgbouncer]', ...lines].join('\n'));
  writeFileSync(settings.auth_file, `"${target.username}" "${password}"\n`, { mode: 0o600 });
  const user = findServerUser();
  if (user)
    for (const name of ['', 'ini', 'users']) chownSync(join(folder, name), user.uid, user.gid);
  return spawn(PROGRAM!, [join(folder, 'ini')], { stdio: 'ignore', ...user });
}

/** Resolves once it listens: `false` if it ended, as it does where another program listens. */
async function hasThePort(child: ChildProcess, port: number): Promise<boolean> {
  await until('PgBouncer listens', async () => hasEnded(child) || (await accepts(port)));
  return !hasEnded(child);
}

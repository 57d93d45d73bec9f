import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomPort } from '../../../tools/embedded-postgres/ports.js';
import { findServerUser } from '../../../tools/embedded-postgres/server-user.js';

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
  const target = new URL(databaseUrl);
  const folder = mkdtempSync(join(tmpdir(), 'tti-pgbouncer-'));
  const url = new URL(databaseUrl);
  url.port = String(randomPort());
  const settings = {
    listen_addr: '127.0.0.1',
    listen_port: url.port,
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
  const child = spawn(PROGRAM!, [join(folder, 'ini')], { stdio: 'ignore', ...user });
  await untilListening(child, Number(url.port));
  return {
    url: url.href,
    stop: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}

async function untilListening(child: ChildProcess, port: number): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`PgBouncer ended with ${child.exitCode}.`);
    const listens = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => resolve(false));
    });
    if (listens) return;
    await new Promise(setImmediate);
  }
}

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  chownSync,
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ended, hasEnded } from '../../../tools/embedded-postgres/commands.js';
import { randomPort } from '../../../tools/embedded-postgres/ports.js';
import { onProcessEnd } from '../../../tools/embedded-postgres/process-end.js';
import { findServerUser } from '../../../tools/embedded-postgres/server-user.js';
import { until } from '../until.js';

const PROGRAM = ['/usr/sbin/pgbouncer', 'pgbouncer'].find(
  (program) => spawnSync(program, ['--version']).status === 0,
);

/** Whether the program is there. In CI it has to be. */
export const HAS_PGBOUNCER = PROGRAM !== undefined;

type Mode = 'session' | 'transaction';

/** Starts a PgBouncer that gives its connections out by the session or by the transaction. */
export async function startPgBouncer(databaseUrl: string, mode: Mode): Promise<PgBouncer> {
  const target = new URL(databaseUrl);
  for (let attempt = 0; attempt < 20; attempt++) {
    const pooler = new PgBouncer(target, { port: String(randomPort()), mode });
    if (await pooler.hasThePort()) return pooler;
    await pooler.remove();
  }
  throw new Error('PgBouncer did not start on any of 20 ports.');
}

/** A pooler in front of a database. */
export class PgBouncer {
  private readonly folder = mkdtempSync(join(tmpdir(), 'tti-pgbouncer-'));
  private readonly log = join(this.folder, 'log');
  private readonly child: ChildProcess;
  /** Also where the run is ended before its tests are. */
  private readonly release = onProcessEnd(() => this.endNow());

  constructor(
    private readonly target: URL,
    private readonly settings: { readonly port: string; readonly mode: Mode },
  ) {
    this.child = this.launch();
  }

  get url(): string {
    const url = new URL(this.target);
    url.port = this.settings.port;
    return url.href;
  }

  /** It does nothing any more, and its connections stay open. */
  freeze(): void {
    this.child.kill('SIGSTOP');
  }

  goOn(): void {
    this.child.kill('SIGCONT');
  }

  /** Rejects where it has ended before, with what it said. */
  async stop(): Promise<void> {
    const said = hasEnded(this.child) ? this.said() : undefined;
    await this.remove();
    if (said !== undefined) throw new Error(`PgBouncer has ended by itself: ${said}`);
  }

  async remove(): Promise<void> {
    this.child.kill('SIGKILL');
    await ended(this.child);
    this.release();
    rmSync(this.folder, { recursive: true });
  }

  /** Resolves once it listens: `false` where another program does, and it has ended. */
  async hasThePort(): Promise<boolean> {
    const listens = `listening on 127.0.0.1:${this.settings.port}`;
    await until('PgBouncer listens', () => hasEnded(this.child) || this.said().includes(listens));
    return !hasEnded(this.child);
  }

  private said(): string {
    return readFileSync(this.log, 'utf8');
  }

  private launch(): ChildProcess {
    const { folder } = this;
    const user = findServerUser();
    this.configure();
    if (user)
      for (const name of ['', 'ini', 'users']) chownSync(join(folder, name), user.uid, user.gid);
    const log = openSync(this.log, 'w');
    try {
      return spawn(PROGRAM!, [join(folder, 'ini')], { stdio: ['ignore', log, log], ...user });
    } finally {
      closeSync(log);
    }
  }

  private configure(): void {
    const { folder, target } = this;
    const settings = {
      listen_addr: '127.0.0.1',
      listen_port: this.settings.port,
      unix_socket_dir: '',
      auth_type: 'plain',
      auth_file: join(folder, 'users'),
      pool_mode: this.settings.mode,
      default_pool_size: 30,
    };
    const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
    const password = decodeURIComponent(target.password);
    const database = `* = host=${target.hostname} port=${target.port}`;
    const ini = ['[databases]', database, '[pgbouncer]', ...lines].join('\n');
    writeFileSync(join(folder, 'ini'), ini);
    writeFileSync(settings.auth_file, `"${target.username}" "${password}"\n`, { mode: 0o600 });
  }

  private endNow(): void {
    this.child.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

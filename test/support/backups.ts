import { spawnSync } from 'node:child_process';
import { inject } from 'vitest';

/** Of PostgreSQL 13, the oldest that is supported: every `pg_dump` that is there can read it. */
const OLDEST = 13;

const SERVER = Math.floor(inject('serverVersion') / 10_000);

/**
 * Whether a test can back up a database of this run: `pg_dump` refuses a server that is newer than itself. In CI it can
 * on PostgreSQL 13, or fails.
 */
export const CAN_BACK_UP =
  versionOfPgDump() >= SERVER || (process.env['CI'] !== undefined && SERVER === OLDEST);

/** A backup of a whole database, without its list of migrations: each database has one. */
export function backUp(url: string): Buffer {
  const { status, stdout, stderr } = run('pg_dump', [
    '--format=custom',
    '--exclude-table-data=migrations',
    `--dbname=${url}`,
  ]);
  if (status !== 0) throw new Error(stderr.toString());
  return stdout;
}

/** Restores it, and goes on after errors, as pg_restore does. Returns the tables whose data did not go in. */
export function restore(backup: Buffer, url: string, ...options: string[]): string[] {
  const { stderr } = run('pg_restore', [...options, `--dbname=${url}`], backup);
  return [...stderr.toString().matchAll(/(?:TABLE DATA |COPY failed for table ")(\w+)/g)].map(
    ([, table]) => table!,
  );
}

function run(program: string, args: readonly string[], input?: Buffer) {
  const done = spawnSync(program, args, { input, maxBuffer: 64 * 1024 * 1024 });
  if (done.error) throw done.error;
  return done;
}

/** 0: it is not there. */
function versionOfPgDump(): number {
  const { stdout } = spawnSync('pg_dump', ['--version'], { encoding: 'utf8' });
  return Number(/\b\d+/.exec(stdout ?? '')?.[0] ?? 0);
}

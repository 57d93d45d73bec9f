import { setTimeout } from 'node:timers/promises';
import { startPostgres } from '../../tools/embedded-postgres/embedded-postgres.js';
import { migrateTemplate } from '../support/database.js';
import { rowOf } from '../support/faults/row-of.js';
import { type Standby, startStandby } from '../support/faults/standby.js';
import { TcpProxy } from '../support/faults/tcp-proxy.js';

type Server = Pick<Standby, 'url' | 'stop'>;

/** From one look at a server to the next, in ms. */
const LOOK_MS = 10;

/**
 * A primary and its synchronous standby, under one name that first leads to the one and then to the other. What the
 * primary acknowledges is on both: a failover loses none of it.
 */
export class DatabasePair {
  private old: Server | undefined;

  private constructor(
    private primary: Server,
    private standby: Standby,
    private readonly proxy: TcpProxy,
  ) {}

  static async open(): Promise<DatabasePair> {
    const primary = await startPostgres();
    await migrateTemplate(primary.url);
    // These servers would not wait for anything.
    await rowOf(primary.url, 'ALTER DATABASE postgres SET synchronous_commit TO on');
    // A standby begins with what the log has held since its backup.
    await rowOf(primary.url, "ALTER SYSTEM SET wal_keep_size TO '512MB'");
    const standby = await follow(primary.url);
    return new DatabasePair(primary, standby, await TcpProxy.open(primary.url));
  }

  /** The name, as servers know it. */
  get url(): string {
    return this.proxy.url;
  }

  /** For those who must not be led astray. */
  get primaryUrl(): string {
    return this.primary.url;
  }

  /**
   * The name leads to the standby, which has not been promoted and shows an earlier state. Connections that are open
   * stay where they are, unless they are cut.
   */
  async leadAstray(cut: boolean): Promise<void> {
    await rowOf(this.standby.url, 'SELECT pg_wal_replay_pause()');
    if (cut) this.proxy.switchTo(this.standby.url);
    else this.proxy.redirect(this.standby.url);
  }

  /** Promotes the standby with all that was committed. The old primary is read-only by then, and stays reachable. */
  async promote(): Promise<void> {
    const { primary, standby } = this;
    await rowOf(standby.url, 'SELECT pg_wal_replay_resume()');
    await rowOf(primary.url, 'ALTER SYSTEM SET default_transaction_read_only TO on');
    await rowOf(primary.url, 'SELECT pg_reload_conf()');
    await untilMet(
      primary.url,
      `current_setting('default_transaction_read_only') = 'on' AND NOT EXISTS (
        SELECT FROM pg_stat_activity WHERE backend_type = 'client backend' AND backend_xid IS NOT NULL)`,
    );
    const { at } = await rowOf<{ at: string }>(
      primary.url,
      'SELECT pg_current_wal_insert_lsn()::text AS at',
    );
    await untilMet(standby.url, `pg_last_wal_replay_lsn() >= '${at}'::pg_lsn`);
    await standby.promote();
    this.old = primary;
    this.primary = standby;
  }

  /** Ends the old primary, and gives the new one a standby. */
  async replaceOld(): Promise<void> {
    await this.old?.stop();
    this.old = undefined;
    this.standby = await follow(this.primary.url);
  }

  async close(): Promise<void> {
    await this.proxy.close();
    await this.standby.stop();
    await this.primary.stop();
    await this.old?.stop();
  }
}

/** A standby of whose receipt the primary waits with each commit. */
async function follow(primaryUrl: string): Promise<Standby> {
  const standby = await startStandby(primaryUrl);
  await rowOf(primaryUrl, "ALTER SYSTEM SET synchronous_standby_names TO '*'");
  await rowOf(primaryUrl, 'SELECT pg_reload_conf()');
  await untilMet(
    primaryUrl,
    `EXISTS (SELECT FROM pg_stat_replication WHERE sync_state = 'sync' AND state = 'streaming')`,
  );
  return standby;
}

async function untilMet(url: string, condition: string): Promise<void> {
  while (!(await rowOf<{ met: boolean }>(url, `SELECT ${condition} AS met`)).met) {
    await setTimeout(LOOK_MS);
  }
}

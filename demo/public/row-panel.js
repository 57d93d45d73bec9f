import { request, succeeded } from './api.js';
import { byId } from './dom.js';
import { Facts } from './facts.js';
import { preciseTimeOf } from './time.js';

const EVERY_MS = 1000;

/** Reads what the database has of the user, and shows the row of the user. */
export class RowPanel {
  /** @type {number | undefined} As last read. */
  tokenVersion;
  /** As last read. */
  active = true;
  /** @type {readonly import('./session-list.js').SessionRow[]} As last read. */
  sessions = [];
  /** Whether the last attempt to read succeeded. */
  readable = true;
  #facts = new Facts(byId('row'), { flash: true });

  /**
   * @param {string} userId
   * @param {() => void} changed called after each reading
   */
  constructor(userId, changed) {
    this.userId = userId;
    this.changed = changed;
  }

  /** Goes on until the page is closed. */
  async keepReading() {
    for (;;) {
      if (!document.hidden) await this.read();
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  }

  async read() {
    const answer = await request('GET', `/stage/visitors/${this.userId}`);
    this.readable = succeeded(answer);
    byId('row').dataset['readable'] = String(this.readable);
    byId('rule').hidden = !this.readable;
    byId('row-unreadable').hidden = this.readable;
    if (this.readable) this.#show(answer.body);
    this.changed();
  }

  /** @param {{ user: any, sessions: import('./session-list.js').SessionRow[] }} rows */
  #show({ user: row, sessions }) {
    this.sessions = sessions;
    this.tokenVersion = row.token_version;
    this.active = row.active;
    this.#facts.show({
      id: shortId(row.id),
      token_version: String(row.token_version),
      password_changed_at: instant(row.password_changed_at),
      logout_all_at: instant(row.logout_all_at),
      active: String(row.active),
      password_hash: `…${row.password_hash_end}`,
      everyone_logged_out_at: instant(row.everyone_logged_out_at),
    });
  }
}

/**
 * The beginning of an id, which tells the users of a demo apart.
 *
 * @param {string} id
 */
export function shortId(id) {
  return `${id.slice(0, 6)}…`;
}

/** @param {string | null} text */
function instant(text) {
  if (text === null) return 'NULL';
  return preciseTimeOf(new Date(text));
}

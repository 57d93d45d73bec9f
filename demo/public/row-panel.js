import { request, succeeded } from './api.js';
import { byId } from './dom.js';
import { Facts } from './facts.js';

const EVERY_MS = 1000;

/** Shows the user's row as the database has it. */
export class RowPanel {
  /** @type {number | undefined} As last seen. */
  tokenVersion;
  #facts = new Facts(byId('row'), { flash: true });

  /** @param {string} userId */
  constructor(userId) {
    this.userId = userId;
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
    byId('row').dataset['readable'] = String(succeeded(answer));
    if (!succeeded(answer)) return;
    const row = answer.body;
    this.tokenVersion = row.token_version;
    this.#facts.show({
      email: row.email,
      token_version: String(row.token_version),
      password_changed_at: instant(row.password_changed_at),
      logout_all_at: instant(row.logout_all_at),
      password_hash: `…${row.password_hash_end}`,
      active: String(row.active),
      'everyone_logged_out_at (for all users)': instant(row.everyone_logged_out_at),
    });
  }
}

/** @param {string | null} text */
function instant(text) {
  if (text === null) return 'NULL';
  const date = new Date(text);
  return `${date.toLocaleTimeString()} .${String(date.getMilliseconds()).padStart(3, '0')}`;
}

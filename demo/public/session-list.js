import { press } from './buttons.js';
import { byId, element, find, setText } from './dom.js';
import { timeOf } from './time.js';

/**
 * @typedef {object} SessionRow
 * @property {string} id
 * @property {string} label
 * @property {number} user_version
 * @property {number} generation
 * @property {string | null} seen_at
 * @property {string | null} ended_reason
 * @property {boolean} everyone_logged_out
 */

/** Shows the sessions of the user as the database has them, and a button that ends one. */
export class SessionList {
  #body = byId('sessions');
  /** @type {Map<string, HTMLElement>} By the session's id. */
  #rows = new Map();

  /** @param {(session: SessionRow) => Promise<void>} end */
  constructor(end) {
    this.end = end;
  }

  /**
   * @param {readonly SessionRow[]} sessions
   * @param {{ tokenVersion: number, mayEnd: (session: SessionRow) => boolean }} situation
   */
  show(sessions, { tokenVersion, mayEnd }) {
    const focused = document.activeElement;
    const hadFocus = this.#body.contains(focused);
    const rows = sessions.map((session) => this.#rows.get(session.id) ?? this.#create(session));
    // Rows that stay where they are keep the keyboard.
    const moved = rows.some((row, index) => row !== this.#body.children[index]);
    if (moved || rows.length !== this.#body.childElementCount) this.#body.replaceChildren(...rows);
    this.#rows = new Map(sessions.map(({ id }, index) => [id, /** @type {any} */ (rows[index])]));
    for (const session of sessions) {
      const state = stateOf(session, tokenVersion);
      fill(/** @type {HTMLElement} */ (this.#rows.get(session.id)), session, state);
      this.#button(session.id).hidden = state !== 'live' || !mayEnd(session);
    }
    if (!hadFocus || !(focused instanceof HTMLElement)) return;
    const isThere = this.#body.contains(focused) && !focused.hidden;
    (isThere ? focused : byId('latest')).focus({ preventScroll: true });
  }

  /** @param {SessionRow} session */
  #create(session) {
    const template = /** @type {HTMLTemplateElement} */ (byId('session-template'));
    const copy = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
    const row = find(copy, 'tr');
    const button = /** @type {HTMLButtonElement} */ (find(row, 'button'));
    button.append(element('span', ` the session of the ${session.label}`, 'hidden'));
    button.addEventListener('click', () => void press(button, () => this.end(session)));
    return row;
  }

  /** @param {string} id */
  #button(id) {
    return find(/** @type {HTMLElement} */ (this.#rows.get(id)), 'button');
  }
}

/**
 * The end of an id. The ids of sessions begin with the time, and so alike.
 *
 * @param {string} id
 */
export function endOfId(id) {
  return `…${id.slice(-6)}`;
}

/**
 * @param {HTMLElement} row
 * @param {SessionRow} session
 * @param {string} state
 */
function fill(row, session, state) {
  const cells = [
    session.label,
    endOfId(session.id),
    String(session.generation),
    session.seen_at === null ? 'not yet' : timeOf(new Date(session.seen_at)),
  ];
  for (const [index, text] of cells.entries()) {
    setText(/** @type {HTMLElement} */ (row.children[index]), text);
  }
  setText(find(row, '.state span'), state);
  row.dataset['state'] = state === 'live' ? 'live' : 'over';
}

/**
 * What the rule says of the session.
 *
 * @param {SessionRow} session
 * @param {number} tokenVersion
 */
function stateOf({ ended_reason, user_version, everyone_logged_out }, tokenVersion) {
  if (user_version !== tokenVersion) return `ver ${user_version}, now ${tokenVersion}`;
  if (everyone_logged_out) return 'everyone logged out';
  return ended_reason ?? 'live';
}

import { request } from './api.js';

/** @typedef {import('./api.js').Answer} Answer */
/** @typedef {'accepted' | 'refused' | 'undecided' | 'none'} Verdict */
/** @typedef {{ sid: string, ver: number, gen: number, iat: number, exp: number }} Claims */
/** @typedef {{ access_token: string, refresh_token?: string }} Tokens an answer to a login or a refresh */

const EVERY_MS = 500;
const REMEMBERED = 30;

/** Holds tokens, and asks a protected route with its access token again and again, also when it is refused. */
export class Device {
  /** @type {string | undefined} The access token. */
  token;
  /** @type {string | undefined} */
  refreshToken;
  /** @type {Answer | undefined} The latest to this token. */
  answer;
  /** @type {Verdict[]} The latest verdicts, oldest first. */
  history = [];
  /** @type {readonly string[]} Where its requests go in turn: a prefix for each process. */
  routes = [''];
  #turn = 0;

  /**
   * @param {string} name
   * @param {() => void} changed called after each answer
   */
  constructor(name, changed) {
    this.name = name;
    this.changed = changed;
  }

  /** @returns {Verdict} */
  get verdict() {
    return this.answer === undefined ? 'none' : verdictOf(this.answer);
  }

  /** @returns {Claims | undefined} what the token says; anyone who holds it can read that */
  get claims() {
    return this.token === undefined ? undefined : decode(this.token);
  }

  /** The prefix of the process that has the next turn. */
  get nextRoute() {
    return this.routes[this.#turn++ % this.routes.length] ?? '';
  }

  /** @param {Tokens} tokens without a refresh token: the device keeps the one that it has */
  receive({ access_token, refresh_token = this.refreshToken }) {
    this.token = access_token;
    this.refreshToken = refresh_token;
    this.answer = undefined;
    this.changed();
  }

  /** Goes on until the page is closed. */
  async keepAsking() {
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
      if (!document.hidden) await this.ask();
    }
  }

  async ask() {
    const { token } = this;
    if (token === undefined) return;
    const answer = await request('GET', `${this.nextRoute}/me`, { token });
    // Of two requests under way, the one that was sent last knows better.
    const outdated = this.answer !== undefined && answer.sentAt < this.answer.sentAt;
    if (token !== this.token || outdated) return;
    this.answer = answer;
    this.history = [...this.history, verdictOf(answer)].slice(-REMEMBERED);
    this.changed();
  }
}

/**
 * @param {Answer} answer
 * @returns {Verdict}
 */
export function verdictOf({ status }) {
  if (status === 200) return 'accepted';
  return status === 401 ? 'refused' : 'undecided';
}

/**
 * @param {string} token
 * @returns {Claims}
 */
function decode(token) {
  const payload = token.split('.')[1] ?? '';
  return JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')));
}

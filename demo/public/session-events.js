import { describe, request, succeeded } from './api.js';
import { verdictOf } from './device.js';

/** @typedef {import('./api.js').Answer} Answer */
/** @typedef {import('./device.js').Device} Device */
/** @typedef {import('./events.js').Outcome} Outcome */
/** @typedef {import('./session-list.js').SessionRow} SessionRow */

const MINUTES = 60;
const DAY = 24 * 60 * MINUTES;
/** Longer than a refresh token stays at least: twice the grace of a minute, once it was seen. */
const A_WHILE = 3 * MINUTES;

/** What can be done with the session of one device. Each resolves to what happened, and how it was answered. */
export class SessionEvents {
  /** @param {{ id: string }} visitor */
  constructor(visitor) {
    this.visitor = visitor;
  }

  /**
   * @param {Device} device
   * @returns {Promise<Outcome>}
   */
  async logOut(device) {
    const answer = await send(device, 'logout', device.refreshToken);
    return { title: `${device.name} logs out`, answer };
  }

  /**
   * @param {Device} device
   * @returns {Promise<Outcome>}
   */
  async logOutTheOthers(device) {
    const { token } = device;
    const answer = await request('POST', `${device.nextRoute}/auth/logout-others`, { token });
    return { title: `${device.name} logs out the others`, answer };
  }

  /**
   * @param {Device} device
   * @param {SessionRow} session of another device
   * @returns {Promise<Outcome>}
   */
  async endFromList(device, { id, label }) {
    const { token } = device;
    const answer = await request('DELETE', `${device.nextRoute}/auth/sessions/${id}`, { token });
    return { title: `${device.name} ends the session of ${label}`, answer };
  }

  /**
   * @param {Device} device
   * @returns {Promise<Outcome>}
   */
  async refresh(device) {
    const answer = await refreshWith(device, device.refreshToken);
    const detail =
      answer.body.refresh_token === undefined
        ? 'a new access token only, as the refresh token is new enough'
        : 'a new access token and a new refresh token';
    if (succeeded(answer)) device.receive(answer.body);
    return { title: `${device.name} refreshes`, answer, detail };
  }

  /** @returns {Promise<Outcome>} */
  async letTimePass() {
    const answer = await this.#pass(A_WHILE);
    return { title: '3 minutes pass', answer, detail: 'the times in the sessions moved back' };
  }

  /**
   * @param {Device} device
   * @returns {Promise<Outcome>}
   */
  async loseTheAnswer(device) {
    const title = `${device.name} loses the answer to a refresh`;
    const waited = await this.#untilDue(device);
    const lost = await refreshWith(device, device.refreshToken);
    if (!succeeded(lost)) return { title, answer: lost };
    await this.#pass(DAY);
    const answer = await refreshWith(device, device.refreshToken);
    const same = answer.body.refresh_token === lost.body.refresh_token;
    if (succeeded(answer)) device.receive(answer.body);
    return {
      title,
      answer,
      steps: [
        `${waited} ${device.name} refreshes: ${describe(lost)}, but the answer is lost.`,
        `A day passes. It sends the same token again: ${describe(answer)}.`,
        same ? 'It gets the same answer: the same new token.' : 'It gets a different token.',
      ],
    };
  }

  /**
   * @param {Device} device
   * @returns {Promise<Outcome>}
   */
  async refreshInTwoTabs(device) {
    const waited = await this.#untilDue(device);
    const { refreshToken } = device;
    const tabs = await Promise.all([
      refreshWith(device, refreshToken),
      refreshWith(device, refreshToken),
    ]);
    const [one, other] = tabs;
    const answer = one.answeredAt > other.answeredAt ? one : other;
    const same = one.body.refresh_token === other.body.refresh_token;
    if (succeeded(answer)) device.receive(answer.body);
    return {
      title: `Two tabs of ${device.name} refresh at once`,
      answer,
      steps: [
        `${waited} Both send the same refresh token: ${tabs.map(describe).join(' and ')}.`,
        same ? 'Both get the same new one: neither is logged out.' : 'They get different tokens.',
      ],
    };
  }

  /**
   * @param {Device} device
   * @returns {Promise<Outcome>}
   */
  async letThiefCopy(device) {
    const title = `A thief copies ${device.name}’s token`;
    const waited = await this.#untilDue(device);
    const first = await refreshWith(device, device.refreshToken);
    if (!succeeded(first)) return { title, answer: first };
    await this.#pass(A_WHILE);
    const second = await refreshWith(device, first.body.refresh_token);
    await this.#pass(A_WHILE);
    const answer = await refreshWith(device, device.refreshToken);
    return {
      title,
      answer,
      steps: [
        `${waited} The thief refreshes first: ${describe(first)}.`,
        `3 minutes pass. The thief does it again: ${describe(second)}.`,
        `3 minutes pass. ${device.name} sends its older token. Two parties hold copies: the session ends.`,
      ],
      effects: [await effectOnThief(device, second)],
    };
  }

  /**
   * Lets time pass until a refresh brings a new refresh token.
   *
   * @param {Device} device
   * @returns {Promise<string>} what to say of it
   */
  async #untilDue(device) {
    await this.#pass(A_WHILE);
    const { body } = await request('GET', `/stage/visitors/${this.visitor.id}`);
    const own = body.sessions?.find(
      (/** @type {SessionRow} */ { id }) => id === device.claims?.sid,
    );
    if (own?.seen_at !== null) return '3 minutes pass.';
    // A refresh token that nobody has used yet is used once before it is replaced.
    await refreshWith(device, device.refreshToken);
    await this.#pass(A_WHILE);
    return '6 minutes pass.';
  }

  /** @param {number} seconds */
  #pass(seconds) {
    const path = `/stage/visitors/${this.visitor.id}/time-passes`;
    return request('POST', path, { json: { seconds } });
  }
}

/**
 * @param {Device} device that has the copy
 * @param {Answer} refreshed the thief's last answer
 */
async function effectOnThief(device, { body }) {
  const answer = await request('GET', `${device.nextRoute}/me`, { token: body.access_token });
  const verdict = verdictOf(answer);
  const text = verdict === 'refused' ? 'is out too:' : 'is still in:';
  return { device: 'The thief', verdict, text, code: describe(answer) };
}

/**
 * @param {Device} device
 * @param {string | undefined} refreshToken
 */
function refreshWith(device, refreshToken) {
  return send(device, 'refresh', refreshToken);
}

/**
 * @param {Device} device
 * @param {'refresh' | 'logout'} endpoint
 * @param {string | undefined} refreshToken
 */
function send(device, endpoint, refreshToken) {
  return request('POST', `${device.nextRoute}/auth/${endpoint}`, {
    json: { refresh_token: refreshToken },
  });
}

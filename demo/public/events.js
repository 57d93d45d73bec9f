import { describe, request, succeeded } from './api.js';

/** @typedef {import('./api.js').Answer} Answer */
/** @typedef {import('./device.js').Device} Device */
/** @typedef {import('./story.js').Effect} Effect */
/**
 * @typedef {object} Outcome
 * @property {string} title
 * @property {Answer} answer
 * @property {string} [detail]
 * @property {readonly string[]} [steps] what happened one after the other
 * @property {readonly Effect[]} [effects] on somebody who is no device of the user
 */

const DETAIL_OF_TWO =
  'laptop: node A, phone: node B, tablet: in turn; they share the database and the key only';

/** What can be done to all tokens of the user, and around them. Each resolves to what happened, and how it was answered. */
export class Events {
  /**
   * @param {{ id: string, email: string, password: string }} visitor
   * @param {{ email: string, password: string }} administrator
   */
  constructor(visitor, administrator) {
    this.visitor = visitor;
    this.administrator = administrator;
  }

  /**
   * @param {Device} device
   * @returns {Promise<Outcome>}
   */
  async logIn(device) {
    const { email, password } = this.visitor;
    const answer = await request('POST', `${device.nextRoute}/auth/login`, {
      json: { email, password, device: device.name },
    });
    if (succeeded(answer)) device.receive(answer.body);
    return { title: `${device.name} logs in`, answer };
  }

  /**
   * @param {Device} device
   * @returns {Promise<Outcome>}
   */
  async logOutEverywhere(device) {
    const { token } = device;
    const answer = await request('POST', `${device.nextRoute}/auth/logout-everywhere`, { token });
    return { title: `${device.name} logs out everywhere`, answer };
  }

  /**
   * @param {Device} device
   * @returns {Promise<Outcome>}
   */
  async changePassword(device) {
    const password = newPassword();
    const answer = await request('POST', `${device.nextRoute}/auth/password`, {
      token: device.token,
      json: {
        currentPassword: this.visitor.password,
        newPassword: password,
        keepThisDevice: true,
      },
    });
    if (succeeded(answer)) {
      this.visitor.password = password;
      device.receive(answer.body);
    }
    return { title: `${device.name} changes the password, and stays`, answer };
  }

  /** @returns {Promise<Outcome>} */
  async passwordBySql() {
    const password = newPassword();
    const answer = await this.#stage(`visitors/${this.visitor.id}/password-by-sql`, { password });
    if (succeeded(answer)) this.visitor.password = password;
    return { title: 'UPDATE users SET password_hash = …', answer };
  }

  /** @returns {Promise<Outcome>} */
  async saveStaleCopy() {
    const answer = await this.#stage(`visitors/${this.visitor.id}/stale-save`);
    const { triedVersion, version } = answer.body;
    const detail = `it writes token_version ${triedVersion}, the row keeps ${version}`;
    return { title: 'A stale copy of the user is saved', answer, detail };
  }

  /** @returns {Promise<Outcome>} */
  async logUserOut() {
    const path = `/admin/users/${this.visitor.email}/logout`;
    const answer = await this.#asAdministrator('POST', path);
    return { title: 'An administrator logs this user out', answer };
  }

  /** @returns {Promise<Outcome>} */
  async logEveryoneOut() {
    const answer = await this.#asAdministrator('POST', '/admin/logout-everyone');
    return { title: 'An administrator logs everyone out', answer };
  }

  /** @returns {Promise<Outcome>} */
  async deactivate() {
    return { title: 'The user is deactivated', answer: await this.#setActive(false) };
  }

  /** @returns {Promise<Outcome>} */
  async reactivate() {
    return { title: 'The user is active again', answer: await this.#setActive(true) };
  }

  /** @returns {Promise<Outcome>} */
  async stopDatabase() {
    return { title: 'The database is stopped', answer: await this.#stage('database/stop') };
  }

  /** @returns {Promise<Outcome>} */
  async startDatabase() {
    return { title: 'The database is back', answer: await this.#stage('database/start') };
  }

  /** @returns {Promise<Outcome>} */
  async startSecondNode() {
    return {
      title: 'A second process serves too',
      answer: await this.#stage('second-node'),
      detail: DETAIL_OF_TWO,
    };
  }

  /** @param {boolean} active */
  #setActive(active) {
    return this.#asAdministrator('PATCH', `/admin/users/${this.visitor.email}`, { active });
  }

  /**
   * @param {string} path
   * @param {object} [json]
   */
  #stage(path, json) {
    return request('POST', `/stage/${path}`, json && { json });
  }

  /**
   * Logs in each time: logging everyone out invalidates the administrator's token too.
   *
   * @param {string} method
   * @param {string} path
   * @param {object} [json]
   */
  async #asAdministrator(method, path, json) {
    const login = await request('POST', '/auth/login', { json: this.administrator });
    if (!succeeded(login)) return login;
    return request(method, path, { token: login.body.access_token, ...(json && { json }) });
  }
}

/**
 * How an event was answered, in words.
 *
 * @param {Outcome} outcome
 */
export function detailOf({ answer, detail }) {
  if (!succeeded(answer)) return `answered with ${describe(answer)}`;
  const milliseconds = Math.max(1, Math.round(answer.answeredAt - answer.sentAt));
  return `${detail === undefined ? '' : `${detail}; `}confirmed in ${milliseconds} ms`;
}

function newPassword() {
  return Array.from(crypto.getRandomValues(new Uint32Array(2)), (part) => part.toString(36)).join(
    '-',
  );
}

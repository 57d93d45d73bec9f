import { describe, request, succeeded } from './api.js';

/** @typedef {import('./api.js').Answer} Answer */
/** @typedef {import('./device.js').Device} Device */
/** @typedef {{ title: string, answer: Answer, detail?: string }} Outcome */

/** Everything that can be done on the page. Each resolves to what happened, and how it was answered. */
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
      json: { email, password },
    });
    if (succeeded(answer)) device.receive(answer.body.access_token);
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
  async logOutElsewhere(device) {
    const answer = await request('POST', `${device.nextRoute}/auth/logout-everywhere`, {
      token: device.token,
      json: { keepThisDevice: true },
    });
    if (succeeded(answer)) device.receive(answer.body.access_token);
    return { title: `${device.name} logs out everywhere but here`, answer };
  }

  /**
   * @param {Device} device
   * @returns {Promise<Outcome>}
   */
  async changePassword(device) {
    const password = newPassword();
    const answer = await request('POST', `${device.nextRoute}/auth/password`, {
      token: device.token,
      json: { currentPassword: this.visitor.password, newPassword: password },
    });
    if (succeeded(answer)) this.visitor.password = password;
    return { title: `${device.name} changes the password`, answer };
  }

  /** @returns {Promise<Outcome>} */
  async passwordBySql() {
    const password = newPassword();
    const answer = await this.#stage(`visitors/${this.visitor.id}/password-by-sql`, { password });
    if (succeeded(answer)) this.visitor.password = password;
    return { title: 'UPDATE users SET password_hash = …', answer };
  }

  /** @returns {Promise<Outcome>} */
  async staleSave() {
    const answer = await this.#stage(`visitors/${this.visitor.id}/stale-save`);
    const { triedVersion, version } = answer.body;
    const detail =
      triedVersion === version
        ? 'it is not stale yet: end some tokens first'
        : `from when this page was opened: it writes token_version ${triedVersion}, and the row keeps ${version}`;
    return { title: 'A stale copy of the user is saved', answer, detail };
  }

  /** @returns {Promise<Outcome>} */
  async endTokens() {
    const path = `/admin/users/${this.visitor.email}/end-tokens`;
    const answer = await this.#asAdministrator('POST', path);
    return { title: 'An administrator ends this user’s tokens', answer };
  }

  /** @returns {Promise<Outcome>} */
  async endEveryonesTokens() {
    const answer = await this.#asAdministrator('POST', '/admin/end-everyones-tokens');
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
    return { title: 'A second process serves too', answer: await this.#stage('second-node') };
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
   * Logs in each time: logging everyone out ends the administrator's token too.
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
  return `${detail === undefined ? '' : `${detail}; `}acknowledged in ${milliseconds} ms`;
}

function newPassword() {
  return Array.from(crypto.getRandomValues(new Uint32Array(2)), (part) => part.toString(36)).join(
    '-',
  );
}

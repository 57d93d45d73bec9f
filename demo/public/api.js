/**
 * @typedef {object} Answer
 * @property {number} status 0: nobody answered
 * @property {any} body
 * @property {string | null} answeredBy the process that answered
 * @property {number} sentAt milliseconds, as `performance.now()` has them
 * @property {number} answeredAt
 */

/**
 * Asks the demo. Never throws: what goes wrong is an answer too.
 *
 * @param {string} method
 * @param {string} path
 * @param {{ token?: string | undefined, json?: object }} [parts]
 * @returns {Promise<Answer>}
 */
export async function request(method, path, { token, json } = {}) {
  /** @type {Record<string, string>} */
  const headers = {};
  if (token !== undefined) headers['Authorization'] = `Bearer ${token}`;
  if (json !== undefined) headers['Content-Type'] = 'application/json';
  const sentAt = performance.now();
  try {
    const body = json === undefined ? {} : { body: JSON.stringify(json) };
    const response = await fetch(path, { method, headers, cache: 'no-store', ...body });
    const text = await response.text();
    return {
      status: response.status,
      body: text === '' ? {} : JSON.parse(text),
      answeredBy: response.headers.get('X-Answered-By'),
      sentAt,
      answeredAt: performance.now(),
    };
  } catch {
    return { status: 0, body: {}, answeredBy: null, sentAt, answeredAt: performance.now() };
  }
}

/**
 * @param {Answer} answer
 * @returns {boolean}
 */
export function succeeded({ status }) {
  return status >= 200 && status < 300;
}

/**
 * An answer in words: `401 password_changed`, say.
 *
 * @param {Answer | undefined} answer
 * @returns {string}
 */
export function describe(answer) {
  const { status, body } = answer ?? { status: 0, body: {} };
  if (status === 0) return 'no answer: is the demo still running?';
  const reason = body.errorCode ?? body.message;
  return reason === undefined ? String(status) : `${status} ${reason}`;
}

import { describe } from './api.js';
import { byId, element, find, setText } from './dom.js';
import { Facts } from './facts.js';
import { endOfId } from './session-list.js';
import { timeOf, timeUntil } from './time.js';

/** @typedef {import('./device.js').Device} Device */

/** @type {Record<import('./device.js').Verdict, string>} */
const MARKS = {
  accepted: '✓ accepted',
  refused: '✕ refused',
  undecided: '? undecided',
  none: '– no token',
};

/** Shows a device. */
export class DeviceCard {
  #article;
  #facts;

  /** @param {Device} device */
  constructor(device) {
    const template = /** @type {HTMLTemplateElement} */ (byId('device-template'));
    const copy = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
    this.device = device;
    this.#article = find(copy, 'article');
    this.#facts = new Facts(find(copy, 'dl'));
    find(copy, 'h3 span').textContent = device.name;
    const input = /** @type {HTMLInputElement} */ (find(copy, 'input'));
    input.value = device.name;
    byId('devices').append(copy);
  }

  /** @param {number | undefined} tokenVersion of the user's row, when it is known */
  show(tokenVersion) {
    const { verdict, answer, history } = this.device;
    const label = find(this.#article, '.verdict');
    label.dataset['verdict'] = verdict;
    label.dataset['status'] = answer?.status ? String(answer.status) : '';
    setText(label, MARKS[verdict]);
    const { code, message } = reasonOf(answer);
    showCode(find(this.#article, '.reason code'), code);
    setText(find(this.#article, '.reason span'), message);
    this.#facts.show(factsOf(this.device, tokenVersion));
    find(this.#article, '.pulse').replaceChildren(
      ...history.map((past) => element('span', '', past)),
    );
  }
}

/**
 * A narrow card may break a code after its underscores.
 *
 * @param {HTMLElement} target
 * @param {string} code
 */
function showCode(target, code) {
  if (target.textContent === code) return;
  const words = code.split(/(?<=_)/);
  target.replaceChildren(...words.flatMap((word) => [word, document.createElement('wbr')]));
}

/** @param {import('./api.js').Answer | undefined} answer */
function reasonOf(answer) {
  if (answer === undefined) return { code: '', message: 'Log in to get a token.' };
  if (answer.status === 0) return { code: '', message: describe(answer) };
  const { email, errorCode, message } = answer.body;
  if (answer.status === 200) return { code: '', message: `Hello, ${email.split('@')[0]}` };
  return { code: errorCode ?? '', message: message ?? '' };
}

/**
 * @param {Device} device
 * @param {number | undefined} tokenVersion
 * @returns {Record<string, string>}
 */
function factsOf({ claims, answer }, tokenVersion) {
  if (!claims) return { sid: '–', ver: '–', gen: '–', iat: '–', exp: '–', by: '–' };
  const stale = tokenVersion !== undefined && tokenVersion !== claims.ver;
  return {
    sid: endOfId(claims.sid),
    ver: stale ? `${claims.ver}, now ${tokenVersion}` : String(claims.ver),
    gen: String(claims.gen),
    iat: timeOf(new Date(claims.iat * 1000)),
    exp: `in ${timeUntil(claims.exp)}`,
    by: answer?.answeredBy?.replace(/ \(.*/, '') ?? '–',
  };
}

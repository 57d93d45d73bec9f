import { describe } from './api.js';
import { byId, element, find, setText } from './dom.js';
import { Facts } from './facts.js';

/** @typedef {import('./device.js').Device} Device */

/** @type {Record<import('./device.js').Verdict, string>} */
const MARKS = {
  accepted: '✓ accepted',
  refused: '✕ refused',
  undecided: '? not decided',
  none: '– no token',
};

/** Shows a device. */
export class DeviceCard {
  #article;
  #facts;

  /**
   * @param {Device} device
   * @param {(action: string) => void} act called with the name of the button's action
   */
  constructor(device, act) {
    const template = /** @type {HTMLTemplateElement} */ (byId('device-template'));
    const copy = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
    this.device = device;
    this.#article = find(copy, 'article');
    this.#facts = new Facts(find(copy, 'dl'));
    find(copy, 'h3').textContent = device.name;
    for (const button of copy.querySelectorAll('button')) {
      // To who hears one button after the other, three of them say the same.
      button.append(element('span', ` (${device.name})`, 'hidden'));
      button.addEventListener('click', () => act(button.dataset['action'] ?? ''));
    }
    byId('devices').append(copy);
  }

  /** @param {number | undefined} tokenVersion of the user's row, when it is known */
  show(tokenVersion) {
    const { verdict, answer, history } = this.device;
    const label = find(this.#article, '.verdict');
    label.dataset['verdict'] = verdict;
    setText(label, answer ? `${answer.status || ''} ${MARKS[verdict]}` : MARKS[verdict]);
    const { code, message } = reasonOf(answer);
    setText(find(this.#article, '.reason code'), code);
    setText(find(this.#article, '.reason span'), message);
    this.#facts.show(factsOf(this.device, tokenVersion));
    find(this.#article, '.pulse').replaceChildren(
      ...history.map((past) => element('span', '', past)),
    );
  }
}

/** @param {import('./api.js').Answer | undefined} answer */
function reasonOf(answer) {
  if (answer === undefined) return { code: '', message: 'Log in to get a token.' };
  if (answer.status === 0) return { code: '', message: describe(answer) };
  if (answer.status === 200) return { code: '', message: `Hello, ${answer.body.email}` };
  return { code: answer.body.errorCode ?? '', message: answer.body.message ?? '' };
}

/**
 * @param {Device} device
 * @param {number | undefined} tokenVersion
 * @returns {Record<string, string>}
 */
function factsOf({ claims, answer }, tokenVersion) {
  if (!claims) return { sub: '–', ver: '–', iat: '–', 'time left': '–', 'answered by': '–' };
  const stale = tokenVersion !== undefined && tokenVersion !== claims.ver;
  return {
    sub: claims.sub,
    ver: stale ? `${claims.ver} (the row has ${tokenVersion})` : String(claims.ver),
    iat: new Date(claims.iat * 1000).toLocaleTimeString(),
    'time left': timeLeft(claims.exp),
    'answered by': answer?.answeredBy ?? '–',
  };
}

/** @param {number} exp */
function timeLeft(exp) {
  const seconds = Math.max(0, Math.round(exp - Date.now() / 1000));
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}

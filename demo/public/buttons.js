import { byId, element, find, setText } from './dom.js';
import { isOffered, whyNothing } from './offers.js';

/** @typedef {import('./device.js').Device} Device */
/** @typedef {import('./offers.js').Situation} Situation */

/** The buttons of one actor: a device, or somebody else. Shows those that are of use now. */
export class ButtonGroup {
  /**
   * @param {HTMLElement} section
   * @param {(action: string) => Promise<void>} act resolves once the event has run; others may have to run before it
   * @param {Device} [device] that acts
   */
  constructor(section, act, device) {
    this.section = section;
    this.device = device;
    /** @type {HTMLButtonElement[]} */
    this.buttons = [...section.querySelectorAll('button')];
    for (const button of this.buttons)
      button.addEventListener('click', () => void press(button, act));
  }

  /** @param {Situation} situation */
  show(situation) {
    const focused = this.buttons.find((button) => button === document.activeElement);
    for (const button of this.buttons) {
      const action = button.dataset['action'] ?? '';
      button.hidden = !isOffered(action, situation, this.device?.verdict);
    }
    const first = this.buttons.find((button) => !button.hidden);
    setText(find(this.section, '.none'), first ? '' : whyNothing(situation));
    // A button that goes must not take the keyboard's place on the page with it.
    if (focused?.hidden) (first ?? byId('latest')).focus({ preventScroll: true });
  }
}

/**
 * The group of a device, added to the page.
 *
 * @param {Device} device
 * @param {(action: string) => Promise<void>} act
 */
export function deviceGroup(device, act) {
  const template = /** @type {HTMLTemplateElement} */ (byId('group-template'));
  const copy = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
  const section = find(copy, 'section');
  section.dataset['actor'] = device.name;
  find(copy, 'h3').textContent = device.name;
  section.setAttribute('aria-label', `What the ${device.name.toLowerCase()} can do`);
  for (const button of copy.querySelectorAll('button')) {
    // For screen readers: three devices have buttons with the same text.
    button.append(element('span', ` (${device.name})`, 'hidden'));
  }
  byId('groups').insertBefore(copy, byId('groups').querySelector('[data-actor=code]'));
  return new ButtonGroup(section, act, device);
}

/** On a narrow screen there is room for the buttons of one actor: the chosen one. */
export function setUpActors() {
  for (const input of document.querySelectorAll('input')) {
    input.addEventListener('change', () => choose(input.value));
  }
  const [first] = document.querySelectorAll('input');
  if (!first) return;
  first.checked = true;
  choose(first.value);
}

/** @param {string} actor */
function choose(actor) {
  for (const group of document.querySelectorAll('.group')) {
    const own = group instanceof HTMLElement && group.dataset['actor'] === actor;
    group.classList.toggle('chosen', own);
  }
}

/**
 * Marks the button until what it does has happened.
 *
 * @param {HTMLButtonElement} button
 * @param {(action: string) => Promise<void>} act
 */
export async function press(button, act) {
  const waiting = Number(button.dataset['waiting'] ?? 0) + 1;
  button.dataset['waiting'] = String(waiting);
  await act(button.dataset['action'] ?? '');
  const left = Number(button.dataset['waiting']) - 1;
  if (left > 0) button.dataset['waiting'] = String(left);
  else delete button.dataset['waiting'];
}

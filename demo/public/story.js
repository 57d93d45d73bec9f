import { byId, element } from './dom.js';
import { timeOf } from './time.js';

const MAX_ENTRIES = 50;

/**
 * @typedef {object} Effect what an event did to one device
 * @property {string} device
 * @property {import('./device.js').Verdict} verdict
 * @property {string} text
 * @property {string} [code] why a token was refused
 */

/**
 * Shows what happened, which screen readers say too, and moves what happened before to the list of earlier events.
 *
 * @param {{ title: string, detail: string, steps?: readonly string[], effects: readonly Effect[] }} entry
 */
export function addToStory({ title, detail, steps = [], effects }) {
  const [latest, earlier] = [byId('latest'), byId('earlier')];
  if (latest.hasChildNodes()) {
    const item = element('li', '', 'entry');
    item.append(...latest.childNodes);
    earlier.prepend(item);
  }
  while (earlier.childElementCount > MAX_ENTRIES) earlier.lastElementChild?.remove();

  const heading = element('p', '', 'event');
  heading.append(
    element('strong', title),
    ' ',
    element('span', detail),
    ' ',
    element('time', `at ${timeOf(new Date())}`),
  );
  const list = document.createElement('ul');
  list.append(...effects.map(effectItem));
  const stepList = element('ol', '', 'steps');
  stepList.append(...steps.map((step) => element('li', step)));
  latest.replaceChildren(heading, ...(steps.length > 0 ? [stepList] : []), list);
}

/** @param {Effect} effect */
function effectItem({ device, verdict, text, code }) {
  const item = element('li', '', verdict);
  item.append(element('strong', device), ` ${text}`);
  if (code !== undefined) item.append(' ', element('code', code));
  return item;
}

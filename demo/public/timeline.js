import { byId, element } from './dom.js';

const MAX_ENTRIES = 50;

/**
 * @typedef {object} Effect what an event did to one device
 * @property {string} device
 * @property {import('./device.js').Verdict} verdict
 * @property {string} text
 */

/**
 * Adds an event at the top, and says it to who cannot see it.
 *
 * @param {{ title: string, detail: string, effects: readonly Effect[] }} entry
 */
export function addToTimeline({ title, detail, effects }) {
  const item = document.createElement('li');
  const heading = element('p', '', 'event');
  heading.append(
    element('time', new Date().toLocaleTimeString()),
    element('strong', title),
    element('span', detail),
  );
  const list = document.createElement('ul');
  list.append(...effects.map(effectItem));
  item.append(heading, list);

  const timeline = byId('timeline');
  timeline.prepend(item);
  while (timeline.childElementCount > MAX_ENTRIES) timeline.lastElementChild?.remove();
  const told = effects.map(({ device, text }) => `${device}: ${text}.`);
  byId('announcer').textContent = [`${title}: ${detail}.`, ...told].join(' ');
}

/** @param {Effect} effect */
function effectItem({ device, verdict, text }) {
  const item = element('li', '', verdict);
  item.append(element('strong', device), ` ${text}`);
  return item;
}

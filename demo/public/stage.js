import { succeeded } from './api.js';
import { Device } from './device.js';
import { DeviceCard } from './device-card.js';
import { byId, setText } from './dom.js';
import { effectOn, remember } from './effect.js';
import { detailOf } from './events.js';
import { setUpTabs } from './tabs.js';
import { addToTimeline } from './timeline.js';

/** @typedef {import('./events.js').Events} Events */
/** @typedef {import('./events.js').Outcome} Outcome */
/** @typedef {import('./row-panel.js').RowPanel} RowPanel */

const NOTES = {
  one: 'One process serves all three devices.',
  two:
    'Two processes on one database, with the same signing key and nothing else in common: no cache, no messages. ' +
    'The laptop asks node A, the phone node B, and the tablet takes turns.',
  starting: 'The second process is starting …',
  failed: 'The second process did not start. Choose this tab again in a moment.',
};
const A = '';
const B = '/node-b';

/** The devices, the row and the buttons, and what happens between them. */
export class Stage {
  #busy = false;
  #tab = 'tab-one';

  /**
   * @param {Events} events
   * @param {RowPanel} row
   */
  constructor(events, row) {
    this.events = events;
    this.row = row;
    this.devices = ['Laptop', 'Phone', 'Tablet'].map((name) => this.#addDevice(name));
  }

  /** @param {boolean} databaseCanBeStopped */
  async open(databaseCanBeStopped) {
    this.#setUpButtons(databaseCanBeStopped);
    setUpTabs(['tab-one', 'tab-two'], (id) => void this.#choose(id));
    setText(byId('nodes-note'), NOTES.one);
    for (const device of this.devices) await this.#perform(() => this.events.logIn(device));
    for (const device of this.devices) void device.keepAsking();
    void this.row.keepReading();
  }

  /** @param {string} name */
  #addDevice(name) {
    const device = new Device(name, () => card.show(this.row.tokenVersion));
    const card = new DeviceCard(device, (action) => {
      const event = Reflect.get(this.events, action);
      void this.#perform(() => event.call(this.events, device));
    });
    card.show(undefined);
    return device;
  }

  /** @param {boolean} databaseCanBeStopped */
  #setUpButtons(databaseCanBeStopped) {
    for (const button of document.querySelectorAll('button[data-event]')) {
      const name = /** @type {HTMLButtonElement} */ (button).dataset['event'] ?? '';
      const event = Reflect.get(this.events, name);
      button.addEventListener('click', () => void this.#perform(() => event.call(this.events)));
      if (name.endsWith('Database')) button.toggleAttribute('disabled', !databaseCanBeStopped);
    }
    byId('outage-note').hidden = databaseCanBeStopped;
  }

  /** @param {string} tabId */
  async #choose(tabId) {
    this.#tab = tabId;
    if (tabId === 'tab-one') return this.#route(NOTES.one, [[A], [A], [A]]);
    setText(byId('nodes-note'), NOTES.starting);
    const started = await this.#perform(() => this.events.startSecondNode());
    if (this.#tab !== tabId) return;
    if (started) this.#route(NOTES.two, [[A], [B], [A, B]]);
    else setText(byId('nodes-note'), NOTES.failed);
  }

  /**
   * @param {string} note
   * @param {readonly (readonly string[])[]} routes of each device
   */
  #route(note, routes) {
    setText(byId('nodes-note'), note);
    for (const [index, device] of this.devices.entries()) device.routes = routes[index] ?? [A];
  }

  /**
   * Lets something happen, has each device ask again, and writes down what it was told. One event at a time: the
   * timeline must not credit one with the effects of another.
   *
   * @param {() => Promise<Outcome>} event
   */
  async #perform(event) {
    if (this.#busy) return false;
    this.#busy = true;
    byId('panel').setAttribute('aria-busy', 'true');
    const before = this.devices.map(remember);
    const outcome = await event();
    await Promise.all([...this.devices.map((device) => device.ask()), this.row.read()]);
    const effects = this.devices.map((device, index) =>
      effectOn(
        device,
        /** @type {import('./effect.js').Before} */ (before[index]),
        outcome.answer.answeredAt,
      ),
    );
    addToTimeline({ title: outcome.title, detail: detailOf(outcome), effects });
    byId('panel').setAttribute('aria-busy', 'false');
    this.#busy = false;
    return succeeded(outcome.answer);
  }
}

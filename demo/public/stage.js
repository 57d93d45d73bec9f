import { succeeded } from './api.js';
import { ButtonGroup, deviceGroup, setUpActors } from './buttons.js';
import { Device } from './device.js';
import { DeviceCard } from './device-card.js';
import { byId } from './dom.js';
import { effectOn, remember } from './effect.js';
import { detailOf } from './events.js';
import { RowPanel } from './row-panel.js';
import { SessionEvents } from './session-events.js';
import { SessionList } from './session-list.js';
import { addToStory } from './story.js';

/** @typedef {import('./events.js').Events} Events */
/** @typedef {import('./events.js').Outcome} Outcome */

const NODE_A = '';
const NODE_B = '/node-b';
/** Where each device asks, once there are two processes. */
const TWO_NODES = [[NODE_A], [NODE_B], [NODE_A, NODE_B]];

/** The devices, the row and the buttons, and what happens between them. */
export class Stage {
  #secondNode = false;
  #waiting = 0;
  /** @type {Promise<void>} Resolves when every event so far has happened. */
  #done = Promise.resolve();

  /**
   * @param {Events} events
   * @param {{ databaseCanBeStopped: boolean }} options
   */
  constructor(events, { databaseCanBeStopped }) {
    this.events = events;
    this.sessionEvents = new SessionEvents(events.visitor);
    this.databaseCanBeStopped = databaseCanBeStopped;
    const refresh = () => this.#refresh();
    this.row = new RowPanel(events.visitor.id, refresh);
    this.devices = ['Laptop', 'Phone', 'Tablet'].map((name) => new Device(name, refresh));
    this.cards = this.devices.map((device) => new DeviceCard(device));
    this.groups = [...this.#otherGroups(), ...this.devices.map((device) => this.#group(device))];
    this.sessionList = new SessionList((session) => this.#end(session));
    setUpActors();
  }

  async open() {
    this.#refresh();
    for (const device of this.devices) await this.#perform(() => this.events.logIn(device));
    for (const device of this.devices) void device.keepAsking();
    void this.row.keepReading();
  }

  #otherGroups() {
    const sections = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('.group'));
    return [...sections].map((section) => new ButtonGroup(section, (action) => this.#act(action)));
  }

  /** @param {Device} device */
  #group(device) {
    return deviceGroup(device, (action) => this.#act(action, device));
  }

  /**
   * @param {string} action
   * @param {Device} [device]
   */
  #act(action, device) {
    const source = action in this.events ? this.events : this.sessionEvents;
    return this.#perform(async () => {
      const outcome = await Reflect.get(source, action).call(source, device);
      if (action === 'startSecondNode' && succeeded(outcome.answer)) this.#useTwoNodes();
      return outcome;
    });
  }

  /**
   * One device ends the session of another from its list.
   *
   * @param {import('./session-list.js').SessionRow} session
   */
  async #end(session) {
    const device = this.#other(session);
    if (device) await this.#perform(() => this.sessionEvents.endFromList(device, session));
  }

  /**
   * The first device that is in, and has another session.
   *
   * @param {import('./session-list.js').SessionRow} session
   */
  #other({ id }) {
    return this.devices.find(({ verdict, claims }) => verdict === 'accepted' && claims?.sid !== id);
  }

  #useTwoNodes() {
    this.#secondNode = true;
    for (const [index, device] of this.devices.entries()) {
      device.routes = TWO_NODES[index] ?? [NODE_A];
    }
  }

  /**
   * Lets an event happen after those that wait already. One at a time: the story must not credit one event with the
   * effects of another.
   *
   * @param {() => Promise<Outcome>} event
   */
  #perform(event) {
    this.#waiting++;
    byId('stage').setAttribute('aria-busy', 'true');
    this.#done = this.#done.then(() => this.#happen(event));
    return this.#done;
  }

  /**
   * Runs the event, has each device ask again, and writes down the answers.
   *
   * @param {() => Promise<Outcome>} event
   */
  async #happen(event) {
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
    const { title, steps, effects: others = [] } = outcome;
    addToStory({ title, detail: detailOf(outcome), steps, effects: [...effects, ...others] });
    this.#waiting--;
    byId('stage').setAttribute('aria-busy', String(this.#waiting > 0));
    this.#refresh();
  }

  /** Shows what is known, and the buttons that are of use now. */
  #refresh() {
    const { tokenVersion = 0, active, readable } = this.row;
    const situation = {
      verdicts: this.devices.map(({ verdict }) => verdict),
      readable,
      active,
      versionsAhead: tokenVersion,
      databaseCanBeStopped: this.databaseCanBeStopped,
      secondNode: this.#secondNode,
    };
    for (const card of this.cards) card.show(this.row.tokenVersion);
    // A button stays until its event has happened, so that nothing moves under the pointer.
    if (this.#waiting > 0) return;
    for (const group of this.groups) group.show(situation);
    this.sessionList.show(this.row.sessions, {
      tokenVersion,
      mayEnd: (session) => readable && this.#other(session) !== undefined,
    });
  }
}

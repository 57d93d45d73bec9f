import { element, setText } from './dom.js';

/** A list of names and values (a `dl`) that is brought up to date in place. */
export class Facts {
  /** @type {Map<string, HTMLElement>} */
  #values = new Map();

  /**
   * @param {HTMLElement} list
   * @param {{ flash?: boolean }} [options] flash: a value that changes is marked for a while
   */
  constructor(list, { flash = false } = {}) {
    this.list = list;
    this.flash = flash;
  }

  /** @param {Record<string, string>} facts always with the same names */
  show(facts) {
    for (const [name, value] of Object.entries(facts)) {
      const known = this.#values.get(name);
      if (known === undefined) this.#add(name, value);
      else if (setText(known, value) && this.flash) mark(known);
    }
  }

  /**
   * @param {string} name
   * @param {string} text
   */
  #add(name, text) {
    const [term, value] = [element('dt', name), element('dd', text)];
    term.dataset['name'] = value.dataset['name'] = name;
    this.list.append(term, value);
    this.#values.set(name, value);
  }
}

/** @param {HTMLElement} value */
function mark(value) {
  value.classList.add('changed');
  setTimeout(() => value.classList.remove('changed'), 2500);
}

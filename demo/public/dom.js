/**
 * The element with this id, which the page is known to have.
 *
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (found) return found;
  throw new Error(`The page has no #${id}`);
}

/**
 * The one element below `parent` that the selector finds.
 *
 * @param {ParentNode} parent
 * @param {string} selector
 * @returns {HTMLElement}
 */
export function find(parent, selector) {
  const found = parent.querySelector(selector);
  if (found instanceof HTMLElement) return found;
  throw new Error(`There is no ${selector}`);
}

/**
 * A new element with this text.
 *
 * @param {string} tag
 * @param {string} text
 * @param {string} [className]
 */
export function element(tag, text, className = '') {
  const created = document.createElement(tag);
  created.textContent = text;
  created.className = className;
  return created;
}

/**
 * Writes only what is new, so that nothing is selected away or read out twice.
 *
 * @param {HTMLElement} target
 * @param {string} text
 * @returns {boolean} whether it was new
 */
export function setText(target, text) {
  if (target.textContent === text) return false;
  target.textContent = text;
  return true;
}

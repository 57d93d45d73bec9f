import { byId } from './dom.js';

/**
 * Tabs after the ARIA pattern: one stop for the Tab key, arrows within. All of them show the same panel.
 *
 * @param {readonly string[]} ids
 * @param {(id: string) => void} chosen
 */
export function setUpTabs(ids, chosen) {
  const tabs = ids.map(byId);
  /** @param {HTMLElement} tab */
  const select = (tab) => {
    for (const each of tabs) {
      each.setAttribute('aria-selected', String(each === tab));
      each.tabIndex = each === tab ? 0 : -1;
    }
    byId('panel').setAttribute('aria-labelledby', tab.id);
    tab.focus();
    chosen(tab.id);
  };
  for (const [index, tab] of tabs.entries()) {
    tab.addEventListener('click', () => select(tab));
    tab.addEventListener('keydown', ({ key }) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
      const next = step && tabs.at((index + step) % tabs.length);
      if (next) select(next);
    });
  }
}

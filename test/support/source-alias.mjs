import { fileURLToPath } from 'node:url';
import { ENTRIES, PACKAGE_NAME } from '../../tools/entries.mjs';

const source = (path) => fileURLToPath(new URL(`../../src/${path}`, import.meta.url));

/** The tests run on the sources, under the names that an application imports. */
export const sourceAlias = ENTRIES.map((entry) =>
  entry === ''
    ? { find: new RegExp(`^${PACKAGE_NAME}$`), replacement: source('index.ts') }
    : { find: new RegExp(`^${PACKAGE_NAME}/${entry}$`), replacement: source(`${entry}/index.ts`) },
);

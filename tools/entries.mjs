import { readFileSync } from 'node:fs';

const { name, exports } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
);

export const PACKAGE_NAME = name;

/**
 * The folders of src/ whose index.ts an application can import; '' is the package's own name. The one list of them is
 * `exports` in package.json: a new entry is a folder, its lines there, and its line in `typesVersions`.
 */
export const ENTRIES = Object.keys(exports)
  .filter((path) => path !== './package.json')
  .map((path) => path.slice('./'.length));

/** A file of a built entry, as package.json names it. */
export const builtFile = (entry, extension) =>
  `./dist/${entry === '' ? '' : `${entry}/`}index${extension}`;

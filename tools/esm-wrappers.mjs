// The last part of `npm run build`. Each entry is compiled to CommonJS once. Here it gets an ES module that holds no code,
// only the same names: `import` and `require()` give the same classes, so that injection tokens and `instanceof` agree,
// also when an application does both. The client has its own ES module already: browsers know no CommonJS.
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { builtFile, ENTRIES } from './entries.mjs';

const require = createRequire(import.meta.url);
const path = (entry, extension) =>
  fileURLToPath(new URL(`../${builtFile(entry, extension)}`, import.meta.url));

for (const entry of ENTRIES) {
  writeFileSync(path(entry, '.d.mts'), `export * from './index.js';\n`);
  if (entry === 'client') continue;
  const names = Object.keys(require(path(entry, '.js'))).toSorted();
  // The names are listed, since Node finds those behind `export *` of CommonJS by a guess.
  writeFileSync(path(entry, '.mjs'), `export { ${names.join(', ')} } from './index.js';\n`);
}

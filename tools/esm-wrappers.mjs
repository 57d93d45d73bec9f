// The last part of `npm run build`. Each entry is compiled to CommonJS once. Here it gets an ES module that holds no code,
// only the same names: `import` and `require()` give the same classes, so that injection tokens and `instanceof` agree,
// also when an application does both. The client is compiled for both: browsers know no CommonJS, and it has no tokens.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { builtFile, ENTRIES } from './entries.mjs';

const require = createRequire(import.meta.url);
const path = (entry, extension) =>
  fileURLToPath(new URL(`../${builtFile(entry, extension)}`, import.meta.url));

for (const entry of ENTRIES.filter((name) => name !== 'client')) {
  const names = Object.keys(require(path(entry, '.js'))).toSorted();
  // The names are listed, since Node finds those behind `export *` of CommonJS by a guess.
  writeFileSync(path(entry, '.mjs'), `export { ${names.join(', ')} } from './index.js';\n`);
  writeFileSync(path(entry, '.d.mts'), `export * from './index.js';\n`);
}

const source = new URL('../src/client/', import.meta.url);
const built = new URL('../dist/client/', import.meta.url);
for (const file of readdirSync(source).filter((name) => !name.endsWith('.spec.ts'))) {
  const { outputText } = ts.transpileModule(readFileSync(new URL(file, source), 'utf8'), {
    compilerOptions: {
      module: ts.ModuleKind.ES2022,
      target: ts.ScriptTarget.ES2022,
      removeComments: true,
    },
  });
  const name = file.slice(0, -'.ts'.length);
  writeFileSync(
    new URL(`${name}.mjs`, built),
    outputText.replaceAll(/(from '.*)[.]js'/g, "$1.mjs'"),
  );
  writeFileSync(new URL(`${name}.d.mts`, built), `export * from './${name}.js';\n`);
}

// A part of `npm run build`: of the declarations in dist/, those stay that an application can come to, beginning at the
// entries. They are indented by tabs, as the JavaScript is.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { builtFile, ENTRIES } from './entries.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The files of the entries and all that these import. */
function reached() {
  const files = new Set(ENTRIES.map((entry) => join(root, builtFile(entry, '.d.ts'))));
  for (const file of files) {
    for (const { fileName } of ts.preProcessFile(readFileSync(file, 'utf8')).importedFiles) {
      if (fileName.startsWith('.')) {
        files.add(resolve(dirname(file), fileName.replace(/[.]js$/, '.d.ts')));
      }
    }
  }
  return files;
}

const kept = reached();
const dist = join(root, 'dist');
for (const file of readdirSync(dist, { recursive: true }).filter((name) =>
  name.endsWith('.d.ts'),
)) {
  const path = join(dist, file);
  if (!kept.has(path)) rmSync(path);
}
for (const path of kept) {
  const text = readFileSync(path, 'utf8');
  writeFileSync(
    path,
    text.replaceAll(/^(?: {4})+/gm, (indent) => '\t'.repeat(indent.length / 4)),
  );
}

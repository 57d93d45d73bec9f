// A part of `npm run build`. `nest build` has compiled each file of src/ to an ES module in dist/. Here they become one file
// for each room, which the imports between the rooms allow, and one for each entry. 250 files of CommonJS, each with its
// helpers, exports and imports, would be half again as large. Names and lines stay as the compiler wrote them.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { ENTRIES } from './entries.mjs';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));

/** The room of a module, a folder of src/. The modules of an entry and of the command are in their own files already. */
function sharedRoomOf(id) {
  const [room, file] = relative(dist, id).split(sep);
  const isShared = file !== undefined && room !== '..' && room !== 'cli' && !ENTRIES.includes(room);
  return isShared ? room : null;
}

/** Their text, and that of what they share: one list of [file, text]. */
async function bundle(names, { format, extension }) {
  const build = await rolldown({
    input: Object.fromEntries(names.map((name) => [name, join(dist, `${name}.js`)])),
    platform: 'node',
    preserveEntrySignatures: 'allow-extension',
    // The compiler's helpers are a few lines: no dependency.
    external: (id) => /^[^./]/.test(id) && id !== 'tslib',
    onLog(level, { message }) {
      throw new Error(`${level}: ${message}`);
    },
  });
  const { output } = await build.generate({
    format,
    strict: true,
    exports: 'named',
    entryFileNames: `[name].${extension}`,
    chunkFileNames: `[name].${extension}`,
    codeSplitting: {
      includeDependenciesRecursively: false,
      groups: [{ name: sharedRoomOf, debugName: 'rooms' }],
    },
  });
  // Each part says which file it is from.
  return output.map(({ fileName, code }) => [
    fileName,
    code.replaceAll(/^\/\/ dist\/(.*)[.]js$/gm, '// src/$1.ts'),
  ]);
}

const bundled = [
  ...(await bundle([...ENTRIES.map((entry) => join(entry, 'index')), 'cli/main'], {
    format: 'cjs',
    extension: 'js',
  })),
  // Browsers know no CommonJS.
  ...(await bundle(['client/index'], { format: 'es', extension: 'mjs' })),
];
for (const file of readdirSync(dist, { recursive: true })) {
  if (file.endsWith('.js')) rmSync(join(dist, file));
}
for (const [name, text] of bundled) {
  mkdirSync(dirname(join(dist, name)), { recursive: true });
  writeFileSync(join(dist, name), text);
}

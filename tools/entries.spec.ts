import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { builtFile, ENTRIES, PACKAGE_NAME } from './entries.mjs';

interface Package {
  readonly exports: Readonly<Record<string, unknown>>;
  readonly typesVersions: unknown;
  readonly main: string;
  readonly types: string;
}

const path = (relative: string) => fileURLToPath(new URL(`../${relative}`, import.meta.url));
const { exports, main, types, typesVersions } = JSON.parse(
  readFileSync(path('package.json'), 'utf8'),
) as Package;
const subpaths = ENTRIES.filter((entry) => entry !== '');

it.each(ENTRIES)(
  `the entry ${PACKAGE_NAME}/%s has both module systems, each with its types`,
  (entry) => {
    expect(exports[entry === '' ? '.' : `./${entry}`]).toEqual({
      import: { types: builtFile(entry, '.d.mts'), default: builtFile(entry, '.mjs') },
      require: { types: builtFile(entry, '.d.ts'), default: builtFile(entry, '.js') },
    });
    expect(existsSync(path(`src/${entry}/index.ts`))).toBe(true);
  },
);

it.each(['typeorm', 'pg', 'prisma', 'drizzle'])('the store of %s is small', (room) => {
  const store = readdirSync(path(`src/${room}`)).find((name) => /[.-]store\.ts$/.test(name));
  expect(readFileSync(path(`src/${room}/${store}`), 'utf8').split('\n').length).toBeLessThanOrEqual(
    151,
  );
});

it('compilers that do not know `exports` find the types of every entry', () => {
  expect({ main, types }).toEqual({ main: builtFile('', '.js'), types: builtFile('', '.d.ts') });
  expect(typesVersions).toEqual({
    '*': Object.fromEntries(subpaths.map((entry) => [entry, [builtFile(entry, '.d.ts')]])),
  });
});

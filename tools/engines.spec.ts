import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

interface Locked {
  readonly engines?: { readonly node?: string };
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const lock = fileURLToPath(new URL('../package-lock.json', import.meta.url));
const { packages } = JSON.parse(readFileSync(lock, 'utf8')) as {
  packages: Readonly<Record<string, Locked>>;
};

/** What npm says of a package that does not want Node 20 begins with EBADENGINE. */
it('`npm ci` on Node 20 has nothing to say of the CLI of Nest', () => {
  const needed = dependenciesOf('node_modules/@nestjs/cli');
  expect(needed.size).toBeGreaterThan(100);
  const unsuited = [...needed].filter((path) => !runsOnNode20(packages[path]!.engines?.node));
  expect(unsuited).toEqual([]);
});

/** Where the lock has a package and all that it needs. */
function dependenciesOf(root: string): ReadonlySet<string> {
  const found = new Set([root]);
  for (const path of found) {
    const { dependencies, optionalDependencies } = packages[path]!;
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const place = placeOf(name, path);
      if (place !== undefined) found.add(place);
    }
  }
  return found;
}

/** As Node looks for it: in the package's folder, then further out. */
function placeOf(name: string, from: string): string | undefined {
  const folders = from.split('/node_modules/').map((_, index, parts) => parts.slice(0, index + 1));
  return ['', ...folders.map((parts) => `${parts.join('/node_modules/')}/`)]
    .map((folder) => `${folder}node_modules/${name}`)
    .findLast((place) => place in packages);
}

/** For the ranges that packages write: `>=18`, `^20.19.0 || >=22`, `20 || 22`. */
function runsOnNode20(range = '*'): boolean {
  return range.split('||').some((part) => {
    const [, sign, major, minor = '0'] = /(>=?|\^|~)?\s*v?(\d+)(?:\.(\d+))?/.exec(part) ?? [];
    if (major === undefined || Number(major) === 20) return Number(minor) <= 19;
    return sign?.startsWith('>') === true && Number(major) < 20;
  });
}

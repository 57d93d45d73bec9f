import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, posix, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import configuration, { ROOMS } from './import-directions.mjs';

/** What a room imports: paths in src/, packages, and modules of Node's without `node:`. */
function importsOf(room: string): string[] {
  return readdirSync(`src/${room}`, { recursive: true, encoding: 'utf8' })
    .filter((path) => /(?<!\.spec)\.ts$/.test(path))
    .flatMap((path) => importsIn(`${room}/${path}`));
}

function importsIn(path: string): string[] {
  const text = readFileSync(`src/${path}`, 'utf8');
  const specifiers = [...text.matchAll(/(?:\bfrom |\bimport |\brequire\()'([^']+)'/g)];
  return specifiers.map(([, specifier]) =>
    specifier!.startsWith('.')
      ? posix.join(posix.dirname(path), specifier!)
      : specifier!.replace(/^node:/, ''),
  );
}

describe.each(Object.entries(ROOMS))('src/%s', (room, { rooms, packages }) => {
  it('imports each room and package that it may, so that the table says what is', () => {
    const imported = importsOf(room);
    const unused = [...rooms, ...packages].filter(
      (name) => !imported.some((path) => path === name || path.startsWith(`${name}/`)),
    );
    expect(unused).toEqual([]);
  });
});

/** Files that break every rule, each with what it imports. */
const BROKEN: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    Object.keys(ROOMS).map((room) => [`src/${room}/other.ts`, '../unlisted/file.js']),
  ),
  'src/unlisted/file.ts': 'node:fs',
  'src/index.ts': './typeorm/other.js',
  'src/prisma/file.ts': '../typeorm/other.js',
  'src/postgres/file.ts': 'pg',
  'src/rule/file.ts': 'nobody-has-this',
  'src/rule/one.ts': './two.js',
  'src/rule/two.ts': './one.js',
  'demo/file.ts': '../src/rule/other.js',
  'migrations/file.ts': '../src/rule/other.js',
  'bench/file.ts': '../src/rule/other.js',
};

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'import-directions-'));
  for (const [path, imported] of Object.entries(BROKEN)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), `import '${imported}';\nexport {};\n`);
  }
  writeFileSync(join(folder, 'package.json'), '{}');
  writeFileSync(join(folder, 'tsconfig.json'), '{}');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The names of the rules that the files break. */
async function brokenRules(): Promise<string[]> {
  const command = resolve('node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const config = resolve('tools/import-directions.mjs');
  const args = [command, '--config', config, '--output-type', 'json'];
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...args, 'src', 'demo', 'migrations', 'bench'],
    { cwd: folder, maxBuffer: 2 ** 26 },
  );
  const { summary } = JSON.parse(stdout) as {
    summary: { violations: { rule: { name: string } }[] };
  };
  return [...new Set(summary.violations.map(({ rule }) => rule.name))];
}

it('each rule finds what breaks it', async () => {
  const rules = configuration.forbidden.map(({ name }) => name);
  expect((await brokenRules()).toSorted()).toEqual(rules.toSorted());
});

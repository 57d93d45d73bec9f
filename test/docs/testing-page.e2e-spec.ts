import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { root } from './code-blocks.js';

const SPEC = /\.(?:[a-z0-9]+-)?spec\.ts$/;
/** The first of these that a table has says where its rows are tested. */
const SPEC_COLUMNS = ['spec', 'red', 'test'];

/** Specs, by their paths without the kind. */
const specs = ['src', 'test', 'tools', 'bench']
  .flatMap(filesIn)
  .filter((path) => SPEC.test(path))
  .map((path) => path.replace(SPEC, ''));

/** The columns of each row of each table, by their names. */
const rows = tables().flatMap(([header, , ...lines]) => {
  const names = cellsOf(header!);
  return lines.map((line) => {
    const cells = cellsOf(line);
    return new Map(names.map((name, index) => [name, cells[index]!]));
  });
});

describe('the tables of docs/testing.md', () => {
  it('name specs that exist', () => {
    const named = rows.flatMap((row) => {
      const column = SPEC_COLUMNS.find((name) => row.has(name));
      return column === undefined ? [] : codesOf(row.get(column)!);
    });
    expect(named.length).toBeGreaterThan(100);
    expect(named.filter((name) => !specs.some((spec) => isNamed(spec, name)))).toEqual([]);
  });

  it.runIf(hasHistory())('name commits that are in the history', () => {
    const history = git('log', '--format=%H').split('\n');
    const named = rows.flatMap((row) => codesOf(row.get('commit') ?? ''));
    expect(named.length).toBeGreaterThan(50);
    const unknown = named.filter((name) => !history.some((commit) => commit.startsWith(name)));
    expect(unknown).toEqual([]);
  });
});

/** Not those of installed packages: other tests install some and remove them meanwhile. */
function filesIn(folder: string): string[] {
  return readdirSync(root + folder, { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (!entry.isDirectory()) return path;
    return entry.name === 'node_modules' || entry.name === 'dist' ? [] : filesIn(path);
  });
}

function tables(): string[][] {
  const text = readFileSync(`${root}docs/testing.md`, 'utf8');
  const found = text.match(/(?:^\|.*\n)+/gm) ?? [];
  return found.map((table) => table.trimEnd().split('\n'));
}

function cellsOf(line: string): string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
}

function codesOf(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code!.replace(SPEC, ''));
}

/** By its folder, its path or the beginning of it, up to the end of a word, or the end of its path. */
function isNamed(spec: string, name: string): boolean {
  const path = name.replace(/\/$/, '');
  if (`/${spec}`.endsWith(`/${path}`)) return true;
  return spec.startsWith(path) && /^[-./]/.test(spec.slice(path.length));
}

/** A copy of the sources has none, and a shallow clone only the end of it. */
function hasHistory(): boolean {
  try {
    return git('rev-parse', '--is-shallow-repository').trim() === 'false';
  } catch {
    return false;
  }
}

function git(...args: string[]): string {
  return execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: 'pipe' });
}

import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { describe, expect, inject, it } from 'vitest';

describe('the tarball', () => {
  const tarball = inject('tarball');
  const files = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((file) => file.replace(/^package\//, ''));
  const built = files.filter((file) => file.startsWith('dist/'));

  it('holds the built library and its papers, and nothing else of the repository', () => {
    const others = files.filter((file) => !file.startsWith('dist/'));
    expect(new Set(others)).toEqual(
      new Set(['CHANGELOG.md', 'LICENSE', 'README.md', 'SECURITY.md', 'package.json']),
    );
  });

  it('holds JavaScript with its types, without specs and without maps to sources that stay here', () => {
    expect(built).toContain('dist/index.js');
    expect(built.filter((file) => !/\.(js|d\.ts)$/.test(file))).toEqual([]);
    expect(built.filter((file) => file.includes('spec'))).toEqual([]);
    const scripts = built.filter((file) => file.endsWith('.js'));
    expect(scripts.filter((file) => !built.includes(file.replace(/js$/, 'd.ts')))).toEqual([]);
  });

  it('is small', () => {
    expect(statSync(tarball).size).toBeLessThan(150_000);
  });

  it('promises no peer dependency lower than the project nestjs-11-lowest has it', () => {
    const { peerDependencies } = readPackage('../../package.json');
    const { dependencies } = readPackage('fixtures/nestjs-11-lowest/package.json');
    const lowest = Object.entries(peerDependencies!).map(([name, range]) => [
      name,
      /\d+\.\d+\.\d+/.exec(range)?.[0],
    ]);
    expect(dependencies).toMatchObject(Object.fromEntries(lowest));
  });
});

function readPackage(path: string): Record<string, Record<string, string> | undefined> {
  return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as never;
}

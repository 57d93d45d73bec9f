import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { describe, expect, inject, it } from 'vitest';
import { builtFile, ENTRIES } from '../../tools/entries.mjs';

describe('the tarball', () => {
  const tarball = inject('tarball');
  const files = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((file) => file.replace(/^package\//, ''));
  const built = files.filter((file) => file.startsWith('dist/'));

  it('holds the built library and its papers, and nothing else of the repository', () => {
    const others = files.filter((file) => !/^(dist|docs)\//.test(file));
    expect(new Set(others)).toEqual(
      new Set([
        'CHANGELOG.md',
        'CONTRIBUTING.md',
        'LICENSE',
        'README.md',
        'SECURITY.md',
        'package.json',
      ]),
    );
  });

  it('holds whatever the README links to', () => {
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
    const links = [...readme.matchAll(/(?:\]\(|(?:src|srcset|href)=")([^)#"]+)/g)]
      .map(([, link]) => link!)
      .filter((link) => !/^\w+:/.test(link));
    expect(links).not.toEqual([]);
    expect(links.filter((link) => !files.includes(link))).toEqual([]);
  });

  it('holds JavaScript with its types, without specs and without maps to sources that stay here', () => {
    expect(built.filter((file) => !/(\.m?js|\.d\.m?ts|^dist\/package\.json)$/.test(file))).toEqual(
      [],
    );
    expect(built.filter((file) => file.includes('spec'))).toEqual([]);
  });

  it('has its comments in the types, where editors show them, and not in the JavaScript', () => {
    // What the command generates has comments, and each part of a file says which source it is.
    const code = textOf('*.js', '--exclude=*/cli/*');
    expect(code).not.toMatch(/^\s*(?:\/\/ (?!src\/|node_modules\/|\\0rolldown\/)|\/\*)/m);
    expect(textOf('http/revocable-jwt.guard.d.ts')).toContain(
      '* Lets a call pass whose token is accepted.',
    );
  });

  it('has the JavaScript of each room once, in one file', () => {
    const sources = [...textOf('*.js').matchAll(/^\/\/ (src\/.*)$/gm)].map(([, source]) => source);
    expect(sources).toEqual([...new Set(sources)]);
    expect(built).toEqual(expect.arrayContaining(['dist/rule.js', 'dist/http.js']));
  });

  it('holds every entry for both module systems, with its types', () => {
    const extensions = ['.js', '.d.ts', '.mjs', '.d.mts'];
    const modules = ENTRIES.flatMap((entry) => extensions.map((end) => builtFile(entry, end)));
    expect(built).toEqual(expect.arrayContaining(modules.map((file) => file.slice('./'.length))));
  });

  it('is small', () => {
    expect(statSync(tarball).size).toBeLessThan(500_000);
  });

  it('promises no peer dependency lower than the project nestjs-11-lowest has it', () => {
    const { peerDependencies } = readPackage('../../package.json');
    const { dependencies } = readPackage('fixtures/nestjs-11-lowest/package.json');
    // Prisma and Drizzle have projects of their layer, in which no other layer is installed.
    const installed = Object.entries(peerDependencies!).filter(
      ([name]) => name !== '@prisma/client' && name !== 'drizzle-orm',
    );
    const lowest = installed.map(([name, range]) => [name, /\d+\.\d+\.\d+/.exec(range)?.[0]]);
    expect(dependencies).toMatchObject(Object.fromEntries(lowest));
  });
});

/** The text of the built files whose paths match. */
function textOf(pattern: string, ...options: string[]): string {
  const args = ['-xOzf', inject('tarball'), ...options, '--wildcards', `package/dist/${pattern}`];
  return execFileSync('tar', args, { encoding: 'utf8', maxBuffer: 10_000_000 });
}

function readPackage(path: string): Record<string, Record<string, string> | undefined> {
  return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as never;
}

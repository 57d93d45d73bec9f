import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { nativeFolder } from '../binaries.js';

const SOURCE = fileURLToPath(new URL('..', import.meta.url));
const INSTALLED = fileURLToPath(new URL('../../../node_modules', import.meta.url));

/** The starter as JavaScript, for processes that know nothing of TypeScript: texts by the name of their file. */
function compiledStarter(): Map<string, string> {
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 };
  return new Map(
    readdirSync(SOURCE)
      .filter((name) => /(?<!\.spec)\.ts$/.test(name))
      .map((name) => {
        const text = readFileSync(join(SOURCE, name), 'utf8');
        const { outputText } = ts.transpileModule(text, { compilerOptions });
        return [name.replace(/ts$/, 'js'), outputText];
      }),
  );
}

const starter = compiledStarter();

function newProject(room: string): string {
  const project = mkdtempSync(join(room, 'project-'));
  for (const [name, text] of starter) writeFileSync(join(project, name), text);
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
  return project;
}

/** A project with the dependencies of this one. */
export function linkedProject(room: string): string {
  const project = newProject(room);
  symlinkSync(INSTALLED, join(project, 'node_modules'), 'junction');
  return project;
}

/** A project with the package of this machine as npm unpacks it: without the links. Returns its folder `native` too. */
export function unpackedProject(room: string): { project: string; native: string } {
  const project = newProject(room);
  const installed = dirname(nativeFolder());
  const copy = join(project, 'node_modules', installed.slice(installed.indexOf('@embedded-')));
  cpSync(installed, copy, { recursive: true, verbatimSymlinks: true });
  const native = join(copy, 'native');
  for (const link of linksOf(native)) rmSync(link, { force: true });
  return { project, native };
}

/** The links that the package asks npm to make. */
export function linksOf(native: string): string[] {
  const links: { target: string }[] = JSON.parse(
    readFileSync(join(native, 'pg-symlinks.json'), 'utf8'),
  );
  return links.map(({ target }) => join(native, '..', target));
}

import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Patch } from './patches.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What a spec needs of this repository. */
const COPIED = [
  'src',
  'test',
  'tools',
  'migrations',
  'package.json',
  'tsconfig.json',
  'vitest.config.ts',
];

/** A copy of this repository that may be broken, with the dependencies of this one. */
export class TreeCopy {
  readonly folder = mkdtempSync(join(tmpdir(), 'promises-'));

  constructor() {
    for (const name of COPIED) {
      cpSync(join(ROOT, name), join(this.folder, name), {
        recursive: true,
        filter: (path) => basename(path) !== 'node_modules',
      });
    }
    for (const modules of ['node_modules', 'test/prisma/node_modules']) {
      symlinkSync(join(ROOT, modules), join(this.folder, modules), 'junction');
    }
  }

  /**
   * Runs `work` with the patch applied, and takes it back.
   *
   * @throws Error when the patch does not fit the file
   */
  async patched<Result>({ file, find, replace }: Patch, work: () => Promise<Result>) {
    const path = join(this.folder, file);
    const text = readFileSync(path, 'utf8');
    const places = text.split(find).length - 1;
    if (places !== 1) throw new Error(`${file} has its line ${places} times: ${find.trim()}`);
    writeFileSync(
      path,
      text.replace(find, () => replace),
    );
    try {
      return await work();
    } finally {
      writeFileSync(path, text);
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Plugin } from 'vite';
import type { PlantedFault } from './planted-faults.js';

/** A line of the library, and what takes its place. */
export interface Rewrite {
  readonly file: string;
  /** Text that occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
}

export const REWRITES: Partial<Record<PlantedFault, Rewrite>> = {
  'primary-check-dropped': {
    file: 'src/postgres/writable.ts',
    find: "NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off'",
    replace: 'true',
  },
  'standby-check-alone': {
    file: 'src/postgres/writable.ts',
    find: " AND current_setting('transaction_read_only') = 'off'",
    replace: '',
  },
  'connection-kept': {
    file: 'src/postgres/primary.ts',
    find: '    connection.close();\n    if (!isOfConnection(error)) return;\n',
    replace: '    return connection.giveBack();\n',
  },
  'no-read-back': {
    file: 'src/postgres/change-row.ts',
    find: "  if (done !== 'true') throw new TokenStateUnchangedError(done === 'part' ? done : undefined);\n",
    replace: '',
  },
};

/** Breaks a line of the library as the servers run it. A file may be broken by one of these at most. */
export function faultySource({ file, find, replace }: Rewrite, root: string): Plugin {
  const path = resolve(root, file);
  const [before, after, more] = readFileSync(path, 'utf8').split(find);
  if (after === undefined || more !== undefined) {
    throw new Error(`${file} has not exactly one ${JSON.stringify(find)}.`);
  }
  const load = (id: string) => (id === path ? before + replace + after : undefined);
  return { name: 'planted-fault', enforce: 'pre', load };
}

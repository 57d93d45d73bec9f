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
    find: '    connection.closeCancelled();\n    if (!isOfConnection(error)) return;\n',
    replace: '    return connection.giveBack();\n',
  },
  'no-read-back': {
    file: 'src/postgres/change-row.ts',
    find: "  if (done !== 'true') throw new TokenStateUnchangedError(done === 'part' ? done : undefined);\n",
    replace: '',
  },
};

/** Breaks lines of the library as the servers run it. */
export function faultySource(rewrites: readonly Rewrite[], root: string): Plugin {
  const broken = new Map<string, string>();
  for (const rewrite of rewrites) {
    const path = resolve(root, rewrite.file);
    broken.set(path, rewritten(broken.get(path) ?? readFileSync(path, 'utf8'), rewrite));
  }
  return { name: 'planted-faults', enforce: 'pre', load: (id) => broken.get(id) };
}

function rewritten(source: string, { file, find, replace }: Rewrite): string {
  const [before, after, more] = source.split(find);
  if (before === undefined || after === undefined || more !== undefined) {
    throw new Error(`${file} has not exactly one ${JSON.stringify(find)}.`);
  }
  return before + replace + after;
}

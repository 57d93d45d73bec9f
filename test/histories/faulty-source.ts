import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Plugin } from 'vite';
import type { PlantedFault } from './planted-faults.js';

/** A line of the library, and what takes its place. */
interface Rewrite {
  readonly file: string;
  /** Text that occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
}

const REWRITES: Partial<Record<PlantedFault, Rewrite>> = {
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

/** Breaks a line of the library as the servers run it, where the fault is one of these. */
export function faultySource(fault: PlantedFault | undefined, root: string): Plugin[] {
  const rewrite = fault && REWRITES[fault];
  if (rewrite === undefined) return [];
  const path = resolve(root, rewrite.file);
  const [before, after, more] = readFileSync(path, 'utf8').split(rewrite.find);
  if (after === undefined || more !== undefined) {
    throw new Error(`${rewrite.file} has not exactly one ${JSON.stringify(rewrite.find)}.`);
  }
  const load = (id: string) => (id === path ? before + rewrite.replace + after : undefined);
  return [{ name: 'planted-fault', enforce: 'pre', load }];
}

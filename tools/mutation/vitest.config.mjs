import { defineConfig } from 'vitest/config';
import { BaseSequencer } from 'vitest/node';
import { sourceAlias } from '../../test/support/source-alias.mjs';
import { fileFailures } from './file-failures.mjs';
import { specs } from './rooms.mjs';

class AsListed extends BaseSequencer {
  async sort(found) {
    return found.toSorted((one, other) => place(one) - place(other));
  }
}

function place({ moduleId }) {
  return specs.findIndex((pattern) => moduleId.includes(pattern.split('*')[0]));
}

/**
 * The specs of one room. A separate file, because Stryker starts Vitest once a room, and a room has what no project of
 * the suite has: specs of several projects, in a given order, and a reporter for Stryker.
 */
export default defineConfig({
  resolve: { alias: sourceAlias },
  test: {
    include: specs,
    reporters: [fileFailures],
    sequence: { sequencer: AsListed },
    isolate: false,
    // The rooms that are judged by unit specs need no PostgreSQL.
    globalSetup: specs.some((spec) => spec.startsWith('test/'))
      ? ['test/support/global-setup.ts']
      : [],
    // A mutant that makes a test hang is found out a little sooner.
    testTimeout: 10_000,
    hookTimeout: 10_000,
  },
});

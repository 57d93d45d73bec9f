import { describe, expect, it } from 'vitest';
import { fileURLToPath } from 'node:url';
import { faultySource, REWRITES } from './faulty-source.js';
import { SESSION_REWRITES } from './sessions/session-faults.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const EVERY = [
  ...Object.entries(REWRITES).map(([fault, rewrite]) => [fault, [rewrite]] as const),
  ...Object.entries(SESSION_REWRITES),
];

describe('a planted fault of the sources', () => {
  it.each(EVERY)('%s finds the lines that it breaks', (_, rewrites) => {
    expect(faultySource(rewrites, ROOT)).toBeDefined();
  });
});

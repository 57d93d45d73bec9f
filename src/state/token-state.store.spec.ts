import { expect, it } from 'vitest';
import { TokenStateStore } from './token-state.store.js';

const { prototype } = TokenStateStore;

it('a store that checks nothing at boot has nothing to complain of', async () => {
  expect(await prototype.checkSetup()).toEqual([]);
});

it('a store brings no context along, and has no clock, unless it says so', async () => {
  expect(prototype.needsContext()).toBe(false);
  expect(await prototype.now()).toBeUndefined();
});

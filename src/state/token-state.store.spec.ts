import { expect, it } from 'vitest';
import { TokenStateStore } from './token-state.store.js';

it('a store that checks nothing at boot has nothing to complain of', async () => {
  expect(await TokenStateStore.prototype.checkSetup()).toEqual([]);
});

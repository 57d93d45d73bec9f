import { expect, it } from 'vitest';
import { callerOf } from './caller.js';

it.each([
  [{ by: 'admin', address: '203.0.113.7' }, true, { by: 'admin', address: '203.0.113.7' }],
  [{ by: 'admin', address: '203.0.113.7' }, 'network', { by: 'admin', address: '203.0.113.0/24' }],
  [{ by: 'admin', address: '203.0.113.7' }, false, { by: 'admin' }],
  [{ address: '203.0.113.7' }, true, { address: '203.0.113.7' }],
  [{}, true, {}],
] as const)('of %j, under %j, an event says %j', (caller, policy, said) => {
  expect(callerOf(caller, policy)).toStrictEqual(said);
});

import { describe, expect, it } from 'vitest';
import { keptAddress } from './address.js';

describe('the address of a client', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7', '203.0.113.0/24'],
    ['::ffff:203.0.113.7', '203.0.113.7', '203.0.113.0/24'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2:3:4:5:6', '2001:db8:1::/48'],
    ['2001:db8::7', '2001:db8::7', '2001:db8:0::/48'],
    ['2001:db8:1::203.0.113.7', '2001:db8:1::203.0.113.7', '2001:db8:1::/48'],
    ['::1', '::1', '0:0:0::/48'],
    ['::', '::', '0:0:0::/48'],
    ['2001:db8:1:2:3:4:203.0.113.7', '2001:db8:1:2:3:4:203.0.113.7', '2001:db8:1::/48'],
    ['2001:db8::ffff:203.0.113.7', '2001:db8::ffff:203.0.113.7', '2001:db8:0::/48'],
    ['2001::1:2:3:4:5:6', '2001::1:2:3:4:5:6', '2001:0:1::/48'],
    ['2001::1:2:3:4:203.0.113.7', '2001::1:2:3:4:203.0.113.7', '2001:0:1::/48'],
    ['fe80::1%eth0', 'fe80::1', 'fe80:0:0::/48'],
  ])('%s is kept as a whole, as its network, or not at all', (address, whole, network) => {
    expect(keptAddress(address, true)).toBe(whole);
    expect(keptAddress(address, 'network')).toBe(network);
    expect(keptAddress(address, false)).toBeUndefined();
  });

  it.each(['', 'unknown', '203.0.113', '203.0.113.7:443', 'unix:', '2001:db8::/32'])(
    'is not %j',
    (text) => {
      expect(keptAddress(text, true)).toBeUndefined();
      expect(keptAddress(text, 'network')).toBeUndefined();
    },
  );

  it('may be unknown', () => {
    expect(keptAddress(undefined, true)).toBeUndefined();
  });
});

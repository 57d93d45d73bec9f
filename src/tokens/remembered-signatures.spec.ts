import { describe, expect, it } from 'vitest';
import { RememberedSignatures } from './remembered-signatures.js';

const PAYLOAD = '{"sub":"anna"}';

/** A token of this many characters. */
function tokenOf(length: number): string {
  return 'e30.e30.'.padEnd(length, 'A');
}

/** Which of these tokens are remembered; each counts as used, in this order. */
function recalled(remembered: RememberedSignatures, ...tokens: string[]): string[] {
  return tokens.filter((token) => remembered.recall(token) !== undefined);
}

describe('RememberedSignatures', () => {
  it.each([
    PAYLOAD,
    '{"sub":"anna","roles":["a",{"of":"b"}],"org":{"id":1}}',
    '{"org":{"id":1},"roles":["a"]}',
    '{"__proto__":"x","constructor":null,"b":1,"a":true}',
    '{"sub":"anna","__proto__":{"admin":true}}',
    '{}',
  ])('gives the payload of a token as a new object each time: %s', (payload) => {
    const remembered = new RememberedSignatures(1);
    remembered.remember('token', payload);
    const first = remembered.recall('token')!;
    for (const value of [first, ...Object.values(first)]) {
      if (typeof value === 'object' && value !== null) Reflect.set(value, 'added', 1);
    }
    expect(JSON.stringify(remembered.recall('token'))).toBe(payload);
    expect(Object.getPrototypeOf(remembered.recall('token'))).toBe(Object.prototype);
  });

  it('gives a list as a list', () => {
    const remembered = new RememberedSignatures(1);
    remembered.remember('token', '[1]');
    expect(remembered.recall('token')).toStrictEqual([1]);
  });

  it('knows no other token', () => {
    const remembered = new RememberedSignatures(1);
    remembered.remember(tokenOf(100), PAYLOAD);
    for (const other of [tokenOf(101), tokenOf(99), '', 'toString', '__proto__']) {
      expect(remembered.recall(other)).toBeUndefined();
    }
  });

  it('knows a token by all of its text: the signature behind other claims is another token', () => {
    const remembered = new RememberedSignatures(2);
    const signature = 's'.repeat(43);
    remembered.remember(`e30.anna.${signature}`, PAYLOAD);
    remembered.remember(`e30.bert.${signature}`, '{"sub":"bert"}');
    expect(remembered.recall(`e30.bert.${signature}`)).toBeUndefined();
    expect(remembered.recall(`e30.anna.${signature}`)).toEqual({ sub: 'anna' });
  });

  it('keeps a token of 2048 characters and none that is longer', () => {
    const remembered = new RememberedSignatures(2);
    for (const length of [2048, 2049]) remembered.remember(tokenOf(length), PAYLOAD);
    expect(recalled(remembered, tokenOf(2048), tokenOf(2049))).toEqual([tokenOf(2048)]);
  });

  it('keeps as many as its size, and none when that is 0', () => {
    for (const size of [0, 1, 2, 3]) {
      const remembered = new RememberedSignatures(size);
      const tokens = ['a', 'b', 'c', 'd'];
      for (const token of tokens) remembered.remember(token, PAYLOAD);
      expect(recalled(remembered, ...tokens)).toEqual(tokens.slice(tokens.length - size));
    }
  });
});

/** Remembers a, b and c, and is full. */
const filled = () => {
  const remembered = new RememberedSignatures(3);
  for (const token of ['a', 'b', 'c']) remembered.remember(token, PAYLOAD);
  return remembered;
};

describe('the one that is forgotten', () => {
  it('is the oldest when none was used', () => {
    const remembered = filled();
    remembered.remember('d', PAYLOAD);
    expect(recalled(remembered, 'a', 'b', 'c', 'd')).toEqual(['b', 'c', 'd']);
  });

  it('is the least recently used, in the order of the last uses', () => {
    const remembered = filled();
    for (const token of ['a', 'b', 'a', 'c', 'a']) remembered.recall(token);
    remembered.remember('d', PAYLOAD);
    remembered.remember('e', PAYLOAD);
    expect(recalled(remembered, 'a', 'b', 'c', 'd', 'e')).toEqual(['a', 'd', 'e']);
  });

  it('is the oldest also when the newest is used again', () => {
    const remembered = filled();
    for (const token of ['c', 'c']) remembered.recall(token);
    remembered.remember('d', PAYLOAD);
    remembered.remember('e', PAYLOAD);
    expect(recalled(remembered, 'a', 'b', 'c', 'd', 'e')).toEqual(['c', 'd', 'e']);
  });

  it('is not changed by asking for a token that is not there', () => {
    const remembered = filled();
    for (const token of ['x', 'y', 'z']) expect(remembered.recall(token)).toBeUndefined();
    expect(recalled(remembered, 'a', 'b', 'c')).toEqual(['a', 'b', 'c']);
  });

  it('is none when a token is remembered again', () => {
    const remembered = filled();
    remembered.remember('a', PAYLOAD);
    expect(recalled(remembered, 'a', 'b', 'c')).toEqual(['a', 'b', 'c']);
  });
});

import { describe, expect, it } from 'vitest';
import { VerifiedTokens } from './verified-tokens.js';

/** A token of this many characters; its signature is somebody else's business. */
function tokenOf(length: number, payload = '{"sub":"anna"}'): string {
  return `e30.${Buffer.from(payload).toString('base64url')}.`.padEnd(length, 'A');
}

describe('VerifiedTokens', () => {
  it.each([
    '{"sub":"anna"}',
    '{"sub":"anna","roles":["a",{"of":"b"}],"org":{"id":1}}',
    '{"__proto__":"x","constructor":null,"b":1,"a":true}',
    '{"sub":"anna","__proto__":{"admin":true}}',
    '{}',
  ])('gives the payload of a token that it has seen, made anew each time: %s', (payload) => {
    const tokens = new VerifiedTokens(1);
    const token = tokenOf(200, payload);
    tokens.remember(token);
    const first = tokens.recall(token)!;
    for (const value of [first, ...Object.values(first)]) {
      if (typeof value === 'object' && value !== null) Reflect.set(value, 'added', 1);
    }
    expect(JSON.stringify(tokens.recall(token))).toBe(payload);
    expect(Object.getPrototypeOf(tokens.recall(token))).toBe(Object.prototype);
  });

  it('gives a list as a list', () => {
    const tokens = new VerifiedTokens(1);
    tokens.remember(tokenOf(100, '[1]'));
    expect(tokens.recall(tokenOf(100, '[1]'))).toStrictEqual([1]);
  });

  it('knows no other token, and nothing that is none', () => {
    const tokens = new VerifiedTokens(1);
    tokens.remember(tokenOf(100));
    for (const other of [tokenOf(101), '', undefined, null, {}]) {
      expect(tokens.recall(other)).toBeUndefined();
    }
  });

  it('keeps a token of 2048 characters and none that is longer', () => {
    const tokens = new VerifiedTokens(2);
    for (const length of [2048, 2049]) tokens.remember(tokenOf(length));
    expect(tokens.recall(tokenOf(2048))).toBeDefined();
    expect(tokens.recall(tokenOf(2049))).toBeUndefined();
  });

  it('keeps as many as its size, and none when that is 0', () => {
    const one = new VerifiedTokens(1);
    const none = new VerifiedTokens(0);
    for (const tokens of [one, none]) {
      tokens.remember(tokenOf(100));
      tokens.remember(tokenOf(101));
      expect(tokens.recall(tokenOf(100))).toBeUndefined();
    }
    expect(one.recall(tokenOf(101))).toBeDefined();
    expect(none.recall(tokenOf(101))).toBeUndefined();
  });
});

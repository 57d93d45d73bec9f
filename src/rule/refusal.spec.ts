import { describe, expect, it } from 'vitest';
import { isRefusal, refusal } from './refusal.js';

describe('refusal', () => {
  it('is a value with the reason and nothing else', () => {
    expect(refusal('user_unknown')).toStrictEqual({ accepted: false, reason: 'user_unknown' });
  });

  it('carries what helps the developer', () => {
    expect(refusal('token_invalid', { detail: 'the token is not text' })).toStrictEqual({
      accepted: false,
      reason: 'token_invalid',
      detail: 'the token is not text',
    });
    expect(
      refusal('claims_invalid', { detail: '"ver" is missing', hint: 'not_issued_here' }),
    ).toStrictEqual({
      accepted: false,
      reason: 'claims_invalid',
      detail: '"ver" is missing',
      hint: 'not_issued_here',
    });
  });
});

describe('isRefusal', () => {
  it('recognizes a refusal', () => {
    expect(isRefusal(refusal('token_missing'))).toBe(true);
    expect(isRefusal({ accepted: false, reason: 'token_expired' })).toBe(true);
  });

  it.each([
    [undefined],
    [null],
    [false],
    ['token_expired'],
    [0],
    [[]],
    [{}],
    [{ accepted: true }],
    [{ accepted: undefined }],
    [{ accepted: 0 }],
    [new Error('No auth token')],
    [() => refusal('token_missing')],
  ])('is false for %s', (value) => {
    expect(isRefusal(value)).toBe(false);
  });
});

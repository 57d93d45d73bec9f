import { describe, expect, it } from 'vitest';
import { refusal } from './refusal.js';

describe('refusal', () => {
  it('is a value with the reason and nothing else', () => {
    expect(refusal('user_unknown')).toStrictEqual({ accepted: false, reason: 'user_unknown' });
  });

  it('carries what the developer is told', () => {
    expect(refusal('token_invalid', 'the token is not text')).toStrictEqual({
      accepted: false,
      reason: 'token_invalid',
      detail: 'the token is not text',
    });
  });
});

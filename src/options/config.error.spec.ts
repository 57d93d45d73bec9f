import { describe, expect, it } from 'vitest';
import { TokenInvalidationConfigError } from './config.error.js';

describe('TokenInvalidationConfigError', () => {
  it('holds every problem, one to a line', () => {
    const error = new TokenInvalidationConfigError(['secret is empty.', 'issuer is not text.']);
    expect(error.name).toBe('TokenInvalidationConfigError');
    expect(error.problems).toEqual(['secret is empty.', 'issuer is not text.']);
    expect(error.message).toBe(
      'TokenInvalidationModule cannot start:\n  - secret is empty.\n  - issuer is not text.',
    );
  });
});

import { describe, expect, it } from 'vitest';
import { TokenStateUnchangedError } from './token-state-unchanged.error.js';

describe('TokenStateUnchangedError', () => {
  it.each([undefined, 'nothing'] as const)(
    'says that nobody was logged in or out: %s',
    (written) => {
      const error = new TokenStateUnchangedError(written);
      expect(error.name).toBe('TokenStateUnchangedError');
      expect(error.message).toMatch(
        /did not change .*: nobody was logged in or out\. Look for a BEFORE/,
      );
    },
  );

  it('says that a part was written', () => {
    const { message } = new TokenStateUnchangedError('part');
    expect(message).toMatch(/only a part .* may be refused, or still accepted\. Look for a BEFORE/);
  });
});

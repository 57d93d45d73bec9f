import { describe, expect, it } from 'vitest';
import { TokenStateUnavailableError } from './token-state-unavailable.error.js';

describe('TokenStateUnavailableError', () => {
  it('is a 503 to whatever looks for a status, and keeps the cause to itself', () => {
    const cause = new Error('connect ECONNREFUSED 10.0.0.5:5432');
    const error = new TokenStateUnavailableError(cause);
    expect(error).toMatchObject({
      name: 'TokenStateUnavailableError',
      message: 'The token state is not available at the moment.',
      statusCode: 503,
      status: 503,
      expose: true,
      cause,
    });
    expect(JSON.stringify(error)).not.toContain('ECONNREFUSED');
  });
});

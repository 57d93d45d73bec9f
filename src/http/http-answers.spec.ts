import { beforeEach, describe, expect, it } from 'vitest';
import { refusal } from '../rule/refusal.js';
import { TokenRefusedException, unauthorized, unavailable } from './http-answers.js';

let headers: Record<string, string>;
const response = {
  header(name: string, value: string) {
    headers[name] = value;
  },
};

beforeEach(() => {
  headers = {};
});

describe('unauthorized', () => {
  it('is a 401 whose body names the reason', () => {
    const exception = unauthorized(
      response,
      refusal('password_changed', { detail: 'for the log alone' }),
    );
    expect(exception).toBeInstanceOf(TokenRefusedException);
    expect(exception.reason).toBe('password_changed');
    expect(exception.getStatus()).toBe(401);
    expect(exception.getResponse()).toStrictEqual({
      statusCode: 401,
      error: 'Unauthorized',
      message: 'The password was changed after the access token was issued',
      errorCode: 'password_changed',
    });
    expect(JSON.stringify(exception)).not.toContain('for the log alone');
  });

  it('has no stack, and leaves other errors theirs', () => {
    const { stack } = unauthorized(response, { reason: 'token_expired' });
    expect(stack).toBe('TokenRefusedException: The access token has expired');
    expect(new Error('of the application').stack).toContain('http-answers.spec');
  });

  it('writes the challenge to the response', () => {
    unauthorized(response, { reason: 'token_expired' });
    expect(headers).toEqual({
      'WWW-Authenticate':
        'Bearer error="invalid_token", error_description="The access token has expired"',
    });
    unauthorized(response, { reason: 'reauthentication_required' }, 600);
    expect(headers['WWW-Authenticate']).toContain('max_age="600"');
    unauthorized(response, { reason: 'token_missing' });
    expect(headers['WWW-Authenticate']).toBe('Bearer');
  });
});

describe('unavailable', () => {
  it('is a 503 that says when to come again', () => {
    const exception = unavailable(response, 1);
    expect(headers).toEqual({ 'Retry-After': '1', 'Cache-Control': 'no-store' });
    expect(exception.getStatus()).toBe(503);
    expect(exception.getResponse()).toStrictEqual({
      statusCode: 503,
      error: 'Service Unavailable',
      message: 'The access token cannot be checked at the moment',
      errorCode: 'token_state_unavailable',
    });
  });
});

import type { ExecutionContext } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { beforeEach, describe, expect, it } from 'vitest';
import { refusal } from '../rule/refusal.js';
import {
  isRefusal,
  refusalOf,
  refused,
  TokenRefusedException,
  unavailable,
} from './http-answers.js';

let headers: Record<string, string>;
const response = {
  header(name: string, value: string) {
    headers[name] = value;
  },
};

beforeEach(() => {
  headers = {};
});

describe('refused', () => {
  it('is a 401 whose body names the reason', () => {
    const exception = refused(response, refusal('password_changed', 'for the log alone'));
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
    const { stack, name } = refused(response, { reason: 'token_expired' });
    expect(stack).toBe('TokenRefusedException: The access token has expired');
    expect(name).toBe('TokenRefusedException');
    expect(new Error('of the application').stack).toContain('http-answers.spec');
  });

  it('writes the challenge to the response', () => {
    refused(response, { reason: 'token_expired' });
    expect(headers).toEqual({
      'WWW-Authenticate':
        'Bearer error="invalid_token", error_description="The access token has expired"',
    });
    refused(response, { reason: 'reauthentication_required' }, 600);
    expect(headers['WWW-Authenticate']).toContain('max_age="600"');
    refused(response, { reason: 'token_missing' });
    expect(headers['WWW-Authenticate']).toBe('Bearer');
  });
});

describe('unavailable', () => {
  it('is a 503 that says when to come again', () => {
    const exception = unavailable(response, 1);
    expect(headers).toEqual({ 'Retry-After': '1' });
    expect(exception.getStatus()).toBe(503);
    expect(exception.getResponse()).toStrictEqual({
      statusCode: 503,
      error: 'Service Unavailable',
      message: 'The access token cannot be checked at the moment',
      errorCode: 'token_state_unavailable',
    });
  });
});

describe('refusalOf', () => {
  const context: ExecutionContext = new ExecutionContextHost([{}, response]);
  const stale = refusal('version_stale');

  it.each([
    ['a refusal', stale, 'version_stale'],
    ['the refusal of a chain', [new Error('no API key'), stale], 'version_stale'],
    [
      'the refusal of the strategy that found a token',
      [refusal('token_missing'), stale],
      'version_stale',
    ],
    ['the first refusal of several', [stale, refusal('token_expired')], 'version_stale'],
    ['nothing', undefined, 'token_missing'],
    ['null', null, 'token_missing'],
    ['an empty chain', [], 'token_missing'],
    ['a chain of nothing', [undefined, null], 'token_missing'],
    ['an error', new Error('No auth token'), 'token_missing'],
    ['text', 'Missing credentials', 'token_missing'],
    ['an object of another strategy', { message: 'Missing credentials' }, 'token_missing'],
    ['what was accepted', { accepted: true }, 'token_missing'],
  ])('answers %s with its reason, or that there is no token', (_, info, reason) => {
    const exception = refusalOf(info, context);
    expect(exception.reason).toBe(reason);
    expect(headers['WWW-Authenticate']).toMatch(
      reason === 'token_missing' ? /^Bearer$/ : /^Bearer error="invalid_token", /,
    );
  });
});

describe('isRefusal', () => {
  it('knows a refusal from whatever else Passport hands around', () => {
    expect(isRefusal(refusal('token_invalid'))).toBe(true);
    const others = [undefined, null, '', 'accepted', 0, true, {}, [], new Error('x')];
    expect(others.filter(isRefusal)).toEqual([]);
    expect(isRefusal({ accepted: true, user: {}, claims: {} })).toBe(false);
  });
});

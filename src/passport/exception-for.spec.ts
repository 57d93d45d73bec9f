import type { ExecutionContext } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { beforeEach, describe, expect, it } from 'vitest';
import { TokenRefusedException } from '../http/http-answers.js';
import { refusal } from '../rule/refusal.js';
import { exceptionFor } from './exception-for.js';

let headers: Record<string, string>;
const response = {
  header(name: string, value: string) {
    headers[name] = value;
  },
};
const context: ExecutionContext = new ExecutionContextHost([{}, response]);
const stale = refusal('version_stale');

beforeEach(() => {
  headers = {};
});

describe('exceptionFor', () => {
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
  ])('of %s is a 401 with its reason, or that there is no token', (_, info, reason) => {
    const exception = exceptionFor(info, context);
    expect(exception).toBeInstanceOf(TokenRefusedException);
    expect([exception.getStatus(), exception.reason]).toEqual([401, reason]);
    expect(headers['WWW-Authenticate']).toMatch(
      reason === 'token_missing' ? /^Bearer$/ : /^Bearer error="invalid_token", /,
    );
  });
});

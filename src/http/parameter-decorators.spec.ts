import type { ExecutionContext } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { describe, expect, it } from 'vitest';
import { CurrentSession } from './current-session.decorator.js';
import { CurrentUser } from './current-user.decorator.js';
import { TokenClaims } from './token-claims.decorator.js';

interface Parameter {
  factory(data: unknown, context: ExecutionContext): unknown;
}

/** What Nest hands to a parameter with this decorator, in a call that the guard has left so. */
function given(decorator: () => ParameterDecorator, request: object): unknown {
  class Handlers {
    handle(): void {}
  }
  decorator()(Handlers.prototype, 'handle', 0);
  const parameters = Reflect.getMetadata(ROUTE_ARGS_METADATA, Handlers, 'handle') as object;
  const [parameter] = Object.values(parameters) as [Parameter];
  return parameter.factory(undefined, new ExecutionContextHost([request]));
}

const claims = { sub: 'anna', sid: 'the-session', auth_time: 1_800_000_000 };

it('@CurrentUser() is the record that was read', () => {
  const user = { id: 'anna' };
  expect(given(CurrentUser, { user })).toBe(user);
  expect(given(CurrentUser, {})).toBeUndefined();
});

it('@TokenClaims() is what the token says', () => {
  expect(given(TokenClaims, { authInfo: claims })).toBe(claims);
  expect(given(TokenClaims, {})).toBeUndefined();
});

describe('@CurrentSession()', () => {
  it('is the session of the token, with when its user entered credentials', () => {
    expect(given(CurrentSession, { authInfo: claims })).toEqual({
      id: 'the-session',
      subject: 'anna',
      authTime: new Date('2027-01-15T08:00:00Z'),
    });
  });

  it('has no time where nobody knows it', () => {
    expect(given(CurrentSession, { authInfo: { ...claims, auth_time: undefined } })).toEqual({
      id: 'the-session',
      subject: 'anna',
      authTime: undefined,
    });
  });

  it('is none where no token was judged, or where it has no session', () => {
    expect(given(CurrentSession, {})).toBeUndefined();
    expect(given(CurrentSession, { authInfo: { sub: 'anna' } })).toBeUndefined();
  });
});

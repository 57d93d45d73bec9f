import { expect, it } from 'vitest';
import { answerOutage, answerRefusal, payloadOf } from './call-answer.js';

it('a refusal has the status and the header of HTTP', () => {
  expect(answerRefusal('token_missing', 600)).toStrictEqual({
    errorCode: 'token_missing',
    message: 'The request carries no access token',
    status: 401,
    header: ['WWW-Authenticate', 'Bearer'],
  });
});

it('a refusal says how old a login may be, in whole seconds, where it is too old', () => {
  const answer = answerRefusal('reauthentication_required', 600.7);
  expect(answer).toMatchObject({ maxAge: 600 });
  expect(answer.header[1]).toContain('max_age="600"');
  expect(answerRefusal('reauthentication_required', undefined)).not.toHaveProperty('maxAge');
});

it('an outage says when to try again', () => {
  expect(answerOutage(7)).toStrictEqual({
    errorCode: 'token_state_unavailable',
    message: 'The access token cannot be checked at the moment',
    status: 503,
    header: ['Retry-After', '7'],
  });
});

it('a message carries the code, and the age where one is demanded', () => {
  expect(payloadOf(answerOutage(7))).toStrictEqual({
    status: 'error',
    errorCode: 'token_state_unavailable',
    message: 'The access token cannot be checked at the moment',
  });
  expect(payloadOf(answerRefusal('reauthentication_required', 60))).toStrictEqual({
    status: 'error',
    errorCode: 'reauthentication_required',
    message: 'A more recent login is required',
    maxAge: 60,
  });
});

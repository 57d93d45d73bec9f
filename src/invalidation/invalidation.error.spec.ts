import { describe, expect, it } from 'vitest';
import {
  PasswordConflictError,
  UserUnknownError,
  VersionConflictError,
} from './invalidation.error.js';

describe.each([
  [UserUnknownError, 'UserUnknownError', 404, 'There is no user with the id "7\\n".'],
  [
    PasswordConflictError,
    'PasswordConflictError',
    409,
    'The password was changed in the meantime. Check the current one again.',
  ],
  [
    VersionConflictError,
    'VersionConflictError',
    409,
    'The tokens of this user were invalidated in the meantime.',
  ],
] as const)('%o', (InvalidationError, name, statusCode, message) => {
  it('is a status to whatever looks for one, and says who it is about', () => {
    const error = new InvalidationError('7\n');
    expect(error).toBeInstanceOf(Error);
    const status = statusCode;
    expect(error).toMatchObject({ name, statusCode, status, expose: true, subject: '7\n' });
    expect(error.message).toBe(message);
  });
});

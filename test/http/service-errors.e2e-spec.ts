import { Controller, Get, Param } from '@nestjs/common';
import {
  PasswordConflictError,
  Public,
  TokenStateUnavailableError,
  TooManySessionsError,
  UserUnknownError,
  VersionConflictError,
} from 'nestjs-token-invalidation';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PLATFORMS } from '../support/app-settings.js';
import { createMemoryApp, type MemoryApp } from '../support/memory-app.js';

const ERRORS = {
  unknown: new UserUnknownError('7'),
  password: new PasswordConflictError('7'),
  version: new VersionConflictError('7'),
  sessions: new TooManySessionsError('7'),
  outage: new TokenStateUnavailableError(new Error('connection lost')),
};

@Controller()
class ThrowingController {
  @Public()
  @Get('throw/:which')
  throwIt(@Param('which') which: keyof typeof ERRORS): never {
    throw ERRORS[which];
  }
}

describe.each(PLATFORMS)(
  "on %s, an error of the services that reaches Nest's filter",
  (platform) => {
    let app: MemoryApp;

    beforeAll(async () => {
      app = await createMemoryApp({ platform, controllers: [ThrowingController] });
    });
    afterAll(() => app?.close());

    it.each([
      ['unknown', 404, 'There is no user with the id "7".'],
      ['password', 409, 'The password was changed in the meantime. Check the current one again.'],
      ['version', 409, 'The tokens of this user were invalidated in the meantime.'],
      ['sessions', 409, 'The user has as many sessions as allowed. End one of them first.'],
      ['outage', 503, 'The access token cannot be checked at the moment'],
    ] as const)(
      'has the status that the documentation names: %s',
      async (which, status, message) => {
        expect(await app.get(`/throw/${which}`)).toMatchObject({ status, body: { message } });
      },
    );
  },
);

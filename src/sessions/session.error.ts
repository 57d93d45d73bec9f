import { InvalidationError } from '../invalidation/invalidation.error.js';

/** The user has as many sessions as `maxSessions` allows, and `atCap` is `'refuse'`. Nothing was started. HTTP status 409. */
export class TooManySessionsError extends InvalidationError {
  override readonly name = 'TooManySessionsError';
  readonly statusCode = 409;

  constructor(readonly subject: string) {
    super('The user has as many sessions as allowed. End one of them first.');
  }
}

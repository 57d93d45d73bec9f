/**
 * `statusCode`, `status` and `expose` are what Nest's own exception filter looks for, all three of them: where the
 * application lets the error through, the client gets this status and not 500.
 */
export abstract class InvalidationError extends Error {
  abstract readonly statusCode: number;
  readonly expose = true;

  get status(): number {
    return this.statusCode;
  }
}

/** No user has this id. Nothing was changed. HTTP status 404. */
export class UserUnknownError extends InvalidationError {
  override readonly name = 'UserUnknownError';
  readonly statusCode = 404;

  constructor(readonly subject: string) {
    super(`There is no user with the id ${JSON.stringify(subject)}.`);
  }
}

/** The password is no longer the one that was checked: somebody changed it in the meantime. Nothing was changed. HTTP status 409. */
export class PasswordConflictError extends InvalidationError {
  override readonly name = 'PasswordConflictError';
  readonly statusCode = 409;

  constructor(readonly subject: string) {
    super('The password was changed in the meantime. Check the current one again.');
  }
}

/** The user's token version is no longer the one given as `ifVersion`. Nothing was changed. HTTP status 409. */
export class VersionConflictError extends InvalidationError {
  override readonly name = 'VersionConflictError';
  readonly statusCode = 409;

  constructor(readonly subject: string) {
    super('The tokens of this user were invalidated in the meantime.');
  }
}

/**
 * The database reported no error, and the row does not show the change: nobody was logged out, no password was changed.
 * A trigger of the application's undid it.
 */
export class TokenStateUnchangedError extends Error {
  override readonly name = 'TokenStateUnchangedError';

  constructor() {
    super(
      'The database did not change the token state, although it reported no error: nobody was logged out. Look for a BEFORE trigger on the table that returns OLD or NULL, or that sets the columns back.',
    );
  }
}

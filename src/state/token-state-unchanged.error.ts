/**
 * The database reported no error, and the row does not show the change, or only a part of it: a trigger of the
 * application's undid the rest. Where the message does not speak of a part, nobody was logged in or out, and no password
 * was changed.
 */
export class TokenStateUnchangedError extends Error {
  override readonly name = 'TokenStateUnchangedError';

  /** @param written - what of the change the row shows */
  constructor(written: 'nothing' | 'part' = 'nothing') {
    super(
      written === 'part'
        ? 'The database wrote only a part of the change, although it reported no error: tokens from before may be refused, or still accepted. Look for a BEFORE trigger on the table that sets a column back.'
        : 'The database did not change the token state, although it reported no error: nobody was logged in or out. Look for a BEFORE trigger on the table that returns OLD or NULL, or that sets the columns back.',
    );
  }
}

/**
 * SQL, text: whether the server is a primary that takes writes. An old primary that was made read-only is not in
 * recovery, so both are asked. In a subquery, which runs once for all rows.
 */
export const IS_WRITABLE = `(SELECT (NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off')::text)`;

/** Another server answered than the one that has the last word. */
export class NotPrimaryError extends Error {
  override readonly name = 'NotPrimaryError';

  constructor() {
    super(
      'The database server is a standby or read-only: it cannot know which tokens are valid. Waiting for the primary.',
    );
  }
}

/** @throws NotPrimaryError unless the rows begin with a yes to `IS_WRITABLE` */
export function requireWritable([first]: readonly (readonly unknown[])[]): void {
  if (first?.[0] !== 'true') throw new NotPrimaryError();
}

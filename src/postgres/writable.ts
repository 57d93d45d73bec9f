/**
 * SQL: a text that is NULL unless the server is a primary that takes writes. An old primary that was made read-only is
 * not in recovery, so both are asked. A subquery, which runs once for all rows.
 */
export function ifWritable(text: string): string {
  const isWritable = `NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off'`;
  return `(SELECT CASE WHEN ${isWritable} THEN ${text} END)`;
}

/** Another server answered than the one that has the last word. */
export class NotPrimaryError extends Error {
  override readonly name = 'NotPrimaryError';

  constructor() {
    super(
      'The database server is a standby or read-only: it cannot know which tokens are valid. Waiting for the primary.',
    );
  }
}

/** @throws NotPrimaryError unless the first row begins with a value of `ifWritable()` that is not NULL */
export function requireWritable([first]: readonly (readonly unknown[])[]): void {
  if (typeof first?.[0] !== 'string') throw new NotPrimaryError();
}

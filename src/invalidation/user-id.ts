/** A user's id, as the application has it. */
export type UserId = string | number | bigint;

/**
 * The id as text.
 *
 * @throws TypeError when it is none: an id that got lost on the way would name nobody, and nobody would be logged out
 */
export function subjectFrom(userId: UserId): string {
  const type = typeof userId;
  if (type === 'string' || type === 'number' || type === 'bigint') return String(userId);
  throw new TypeError(
    `The id of the user is ${userId === null ? 'null' : type}: give it as text, number or bigint.`,
  );
}

export const LONGEST_LABEL = 100;
export const LONGEST_USER_AGENT = 256;

/**
 * Text from a client as the database can hold it: cut, without NUL, and with no half of a surrogate pair. What is no text
 * counts as none: it comes from a body that nobody may have checked.
 */
export function keptText(text: unknown, longest: number): string | null {
  if (typeof text !== 'string') return null;
  return text.replaceAll('\0', '').slice(0, longest).toWellFormed();
}

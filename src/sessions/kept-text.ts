export const LONGEST_LABEL = 100;
export const LONGEST_USER_AGENT = 256;

/** Text from a client as the database can hold it: cut, without NUL, and with no half of a surrogate pair. */
export function keptText(text: string | undefined, longest: number): string | null {
  if (text === undefined) return null;
  return text.replaceAll('\0', '').slice(0, longest).toWellFormed();
}

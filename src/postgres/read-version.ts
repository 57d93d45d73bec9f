/** A version as a record carries it: a bigint column arrives as text, or as a bigint. `undefined`: it is none. */
export function readVersion(value: unknown): number | undefined {
  const isWritten = typeof value === 'bigint' || (typeof value === 'string' && /^\d+$/.test(value));
  const version = isWritten ? Number(value) : value;
  return Number.isSafeInteger(version) ? (version as number) : undefined;
}

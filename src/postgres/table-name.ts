/** PostgreSQL cuts longer names off without an error. */
const MAX_NAME_BYTES = 63;

/** A table's name and its schema. @throws TypeError that begins with `path` */
export function splitTable(given: unknown, path: string): { schema?: string; table: string } {
  const parts = typeof given === 'string' ? given.split('.') : [];
  const [first, second] = parts;
  if (parts.length > 2 || (parts.length === 2 && first === '')) {
    throw new TypeError(`${path} ${JSON.stringify(given)} is not a name or schema.name.`);
  }
  return second === undefined ? { table: first ?? '' } : { schema: first!, table: second };
}

/**
 * A name that PostgreSQL keeps whole, also with the suffix.
 *
 * @throws TypeError that begins with `path`
 */
export function requireName(given: unknown, path: string, suffix = ''): string {
  if (typeof given !== 'string' || given === '') {
    throw new TypeError(`${path} is missing: give the name that it has in the database.`);
  }
  const most = MAX_NAME_BYTES - suffix.length;
  if (Buffer.byteLength(given) <= most) return given;
  throw new TypeError(`${path} is ${JSON.stringify(given)}: give a name of at most ${most} bytes.`);
}

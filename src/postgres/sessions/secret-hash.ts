import type { PresentedRefresh } from '../../state/session.store.js';

/** SQL: a hash, which is sent as `hex()` writes it. */
export function hash(parameter: string): string {
  return `decode(${parameter}, 'hex')`;
}

/** Hexadecimal digits: every data layer passes them on alike. */
export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** SQL: whether the secret is that of the session. Parameter: 2 the hash. */
export const SECRET = `s.secret_hash = ${hash('$2')}`;

/** SQL: the session `s` that the token names, with its secret, at this generation. Parameters: 1 the id, 2 the hash. */
export function isPresented(generation: string): string {
  return `s.id = $1::uuid AND ${SECRET} AND s.generation = ${generation}`;
}

/** The parameters of a statement about a refresh token: 1 the id, 2 the hash, 3 its generation. */
export function presentedValues({
  sessionId,
  secretHash,
  generation,
}: PresentedRefresh): unknown[] {
  return [sessionId, hex(secretHash), generation];
}

import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { type KeyMaterial, readSecret, type SigningKey } from '../keys/signing-key.js';
import { TokenInvalidationConfigError } from '../options/config.error.js';
import { SetupProblems } from '../options/setup-problems.js';

/** A key for the MAC of refresh tokens. */
export interface RefreshKey {
  /** Four bytes that a token names its key by. Two keys may have the same. */
  readonly id: Buffer;
  readonly key: KeyObject;
}

/**
 * The keys for refresh tokens, of which the first signs and all verify.
 *
 * Without any given they are made of the symmetric keys that sign access tokens. Not of a private key: it is exported
 * differently on two nodes, and its rotation would log everyone out.
 *
 * @throws TokenInvalidationConfigError with all that is wrong with them, each with what to do
 */
export function refreshKeys(
  given: readonly KeyMaterial[] | undefined,
  signing: readonly SigningKey[],
): RefreshKey[] {
  if (given === undefined) return fromSigningKeys(signing);
  const problems = new SetupProblems();
  if (given.length === 0) problems.add('sessions.keys: is empty: give at least one secret.');
  const read = given.map((secret, index) =>
    problems.collect(() => readSecret(secret, `sessions.keys[${index}]`)),
  );
  problems.throwIfAny();
  return read.map((key) => derive(key!.verifyWith));
}

function fromSigningKeys(signing: readonly SigningKey[]): RefreshKey[] {
  if (signing[0]?.verifyWith.type !== 'secret') {
    throw new TokenInvalidationConfigError([
      'sessions.keys: is missing, and access tokens are signed with a private key: give secrets of at least 32 bytes for refresh tokens, the same on all nodes.',
    ]);
  }
  return signing
    .filter(({ verifyWith, weakness }) => verifyWith.type === 'secret' && weakness === undefined)
    .map(({ verifyWith }) => derive(verifyWith));
}

/** With a label apart (RFC 5869 section 3.2), so that no MAC of the one kind is a MAC of the other. */
function derive(secret: KeyObject): RefreshKey {
  const bytes = hkdfSync('sha256', secret, '', 'nestjs-token-invalidation refresh token', 32);
  const key = createSecretKey(Buffer.from(bytes));
  const id = createHmac('sha256', key).update('key id').digest().subarray(0, 4);
  return { id, key };
}

import { createHash, createHmac, createSecretKey, generateKeyPairSync } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { problemsOf } from '../../test/support/problems-of.js';
import { readKeys } from '../keys/read-keys.js';
import type { KeyMaterial } from '../keys/signing-key.js';
import { type RefreshKey, refreshKeys } from './refresh-keys.js';
import { RefreshToken } from './refresh-token.js';
import { newSessionId } from './session-id.js';

const SECRET = 'a secret of at least 32 bytes: it is long enough';
const OTHER = 'another secret of at least 32 bytes, long enough';
const NOW = 1_768_478_400_000;

const keysOf = (...secrets: KeyMaterial[]) => refreshKeys(secrets, []) as [RefreshKey];
const signingKeys = (...keys: Parameters<typeof readKeys>[0]['keys'] & object) =>
  readKeys({ keys });

const [KEY] = keysOf(SECRET);
const token = RefreshToken.create(newSessionId(NOW));
const text = token.textOf(0, KEY);
const bytesOf = (of: string) => Buffer.from(of.slice(5), 'base64url');
const withBytes = (bytes: Buffer) => `nti1_${bytes.toString('base64url')}`;

describe('a refresh token', () => {
  it('is read as it was written', () => {
    const read = RefreshToken.read(text, [KEY])!;
    expect(read).toEqual(token);
    expect(read).toMatchObject({ sessionId: token.sessionId, generation: 0 });
    expect(RefreshToken.read(token.textOf(2 ** 31 - 1, KEY), [KEY])!.generation).toBe(2 ** 31 - 1);
  });

  it('is about a hundred characters, of which a scanner knows the first five', () => {
    expect(text).toMatch(/^nti1_[\w-]{98}$/);
  });

  it('holds a secret of which the row has the hash alone', () => {
    const secret = bytesOf(text).subarray(25, 41);
    expect(token.secretHash).toEqual(createHash('sha256').update(secret).digest());
    expect(RefreshToken.create(token.sessionId).secretHash).not.toEqual(token.secretHash);
    expect(inspect(token, { depth: 9, showHidden: true })).not.toContain(secret.toString('hex'));
    expect(JSON.stringify(token)).not.toContain(secret.toString('base64url'));
  });

  it('makes its successor of itself, the same on any node', () => {
    const read = RefreshToken.read(text, keysOf(SECRET))!;
    const successor = read.textOf(1, keysOf(SECRET)[0]);
    expect(successor).toBe(token.textOf(1, KEY));
    expect(RefreshToken.read(successor, [KEY])!.textOf(2, KEY)).toBe(token.textOf(2, KEY));
    expect(successor).not.toBe(text);
  });

  it('is none with any one bit flipped', () => {
    const accepted: number[] = [];
    for (let bit = 0; bit < 8 * 73; bit += 1) {
      const bytes = bytesOf(text);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      if (RefreshToken.read(withBytes(bytes), [KEY])) accepted.push(bit);
    }
    expect(accepted).toEqual([]);
  });

  it('is none with any one character replaced, also by one that spells the same bytes', () => {
    const accepted: string[] = [];
    for (let index = 0; index < text.length; index += 1) {
      for (const character of 'Aa0-_+/= \n.') {
        if (text[index] === character) continue;
        const other = text.slice(0, index) + character + text.slice(index + 1);
        if (RefreshToken.read(other, [KEY])) accepted.push(other);
      }
    }
    expect(accepted).toEqual([]);
  });

  it.each([
    ['padding', `${text}=`],
    ['a line end', `${text}\n`],
    ['a blank before it', ` ${text}`],
    ['another prefix', text.replace('nti1_', 'nti2_')],
    ['no prefix', text.slice(5)],
    ['a byte more', withBytes(Buffer.concat([bytesOf(text), Buffer.alloc(1)]))],
    ['a byte less', withBytes(bytesOf(text).subarray(0, 72))],
    ['the other alphabet of base64', `nti1_${bytesOf(text).toString('base64')}`],
    ['the form of a JWT', 'eyJhbGciOiJIUzI1NiJ9.e30.c2ln'],
    ['nothing', ''],
    ['no text', 7],
    ['a list', [text]],
    ['undefined', undefined],
  ])('is none with %s', (_, other) => {
    expect(RefreshToken.read(other, [KEY])).toBeUndefined();
  });

  it('is none with a generation that no row holds', () => {
    expect(RefreshToken.read(token.textOf(2 ** 31, KEY), [KEY])).toBeUndefined();
  });

  it('is none of another version, whatever its MAC', () => {
    const bytes = bytesOf(text);
    bytes[0]! += 1;
    const signed = createHmac('sha256', KEY.key).update('nti1_').update(bytes.subarray(0, 41));
    signed.digest().copy(bytes, 41);
    expect(RefreshToken.read(withBytes(bytes), [KEY])).toBeUndefined();
  });

  it('is none without the key that signed it', () => {
    expect(RefreshToken.read(text, keysOf(OTHER))).toBeUndefined();
    expect(RefreshToken.read(text, [])).toBeUndefined();
    expect(RefreshToken.read(text, keysOf(OTHER, SECRET))).toBeDefined();
  });

  it('is judged by its MAC where two keys have one id', () => {
    const impostor = { ...keysOf(OTHER)[0], id: KEY.id };
    expect(RefreshToken.read(text, [impostor])).toBeUndefined();
    expect(RefreshToken.read(text, [impostor, KEY])).toBeDefined();
  });

  it('has its prefix in the MAC', () => {
    const bytes = bytesOf(text);
    createHmac('sha256', KEY.key).update(bytes.subarray(0, 41)).digest().copy(bytes, 41);
    expect(RefreshToken.read(withBytes(bytes), [KEY])).toBeUndefined();
  });
});

describe('the keys of refresh tokens', () => {
  it('are made of the symmetric keys that sign access tokens, unless others are given', () => {
    const made = refreshKeys(undefined, signingKeys({ secret: SECRET }, { secret: OTHER }));
    expect(made).toEqual(keysOf(SECRET, OTHER));
  });

  it('are not the keys that they are made of', () => {
    const raw = { id: KEY.id, key: createSecretKey(Buffer.from(SECRET)) };
    expect(RefreshToken.read(token.textOf(0, raw), [KEY])).toBeUndefined();
  });

  it('never change: tokens that are out were signed with them', () => {
    // RFC 5869 section 2, with a salt of zeros and one block.
    const extracted = createHmac('sha256', Buffer.alloc(32)).update(SECRET).digest();
    const info = Buffer.concat([
      Buffer.from('nestjs-token-invalidation refresh token'),
      Buffer.from([1]),
    ]);
    const expanded = createHmac('sha256', extracted).update(info).digest();
    expect(KEY.key.export()).toEqual(expanded);
    expect(KEY.id).toEqual(createHmac('sha256', expanded).update('key id').digest().subarray(0, 4));
  });

  it('have to be given where a private key signs', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const signing = signingKeys({ privateKey }, { secret: SECRET });
    expect(problemsOf(() => refreshKeys(undefined, signing))).toEqual([
      'sessions.keys: is missing, and access tokens are signed with a private key: give secrets of at least 32 bytes for refresh tokens, the same on all nodes.',
    ]);
    expect(refreshKeys([SECRET], signing)).toEqual(keysOf(SECRET));
    const mixed = signingKeys({ secret: SECRET }, { privateKey });
    expect(refreshKeys(undefined, mixed)).toEqual(keysOf(SECRET));
  });

  it('are not made of a key that is too short and only verifies', () => {
    const signing = readKeys({ keys: [{ secret: SECRET }, { secret: 'short' }] }, true);
    expect(refreshKeys(undefined, signing)).toEqual(keysOf(SECRET));
  });

  it('are named by what is wrong with them', () => {
    expect(problemsOf(() => refreshKeys([], []))).toEqual([
      'sessions.keys: is empty: give at least one secret.',
    ]);
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    expect(problemsOf(() => refreshKeys([SECRET, 'short', '', privateKey], []))).toEqual([
      expect.stringMatching(/^sessions\.keys\[1\]: the secret has 5 bytes /),
      expect.stringMatching(/^sessions\.keys\[2\]: is empty: /),
      'sessions.keys[3]: is a private key, not a secret: give a key pair in keys, as { privateKey, publicKey }.',
    ]);
  });
});

describe('a session id', () => {
  it('is a UUID of version 7 that sorts by its time', () => {
    const ids = [NOW, NOW + 1, NOW + 2, NOW + 1e9].map(newSessionId);
    for (const id of ids) {
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }
    expect(ids.toSorted()).toEqual(ids);
    expect(newSessionId(NOW)).not.toBe(newSessionId(NOW));
  });
});

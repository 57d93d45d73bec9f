import * as fc from 'fast-check';
import { encode } from '../forge.js';
import type { KeyUnderAttack } from './keys.js';

type Mutation = (token: string) => string;

const STRANGE = ['.', '..', '=', '==', '+', '/', '-', '_', ' ', '\t', '\n', '\0', '%2E', 'ａ'];
const LONE = ['\ud800', '\udc00', '\ufeff', '\u200b'];

const texts = fc.oneof(fc.constantFrom(...STRANGE, ...LONE), fc.string({ maxLength: 4 }));

const FIELD_NAMES = [
  'alg kid typ crit b64 jwk jku x5u x5c cty zip',
  'sub ver iat exp nbf iss aud __proto__ constructor',
].flatMap((names) => names.split(' '));

/** Somewhere in the token; the ends of its parts come up as often as all else. */
function place(token: string, at: number): number {
  const ends = [0, token.indexOf('.'), token.lastIndexOf('.'), token.length - 1, token.length];
  return at % 2 === 0 ? ends[(at / 2) % ends.length]! : at % (token.length + 1);
}

const edits: fc.Arbitrary<Mutation> = fc
  .record({ at: fc.nat({ max: 4000 }), cut: fc.nat({ max: 3 }), put: texts })
  .map(({ at, cut, put }) => (token) => {
    const start = Math.max(0, place(token, at));
    return token.slice(0, start) + put + token.slice(start + cut);
  });

const rearrangements: fc.Arbitrary<Mutation> = fc
  .array(fc.nat({ max: 2 }), { maxLength: 5 })
  .map((order) => (token) => order.map((part) => token.split('.')[part] ?? '').join('.'));

const bitFlips: fc.Arbitrary<Mutation> = fc
  .record({ part: fc.nat({ max: 2 }), bit: fc.nat({ max: 5000 }) })
  .map(({ part, bit }) => (token) => {
    const parts = token.split('.');
    const bytes = Buffer.from(parts[part] ?? '', 'base64url');
    const index = Math.floor(bit / 8) % Math.max(1, bytes.length);
    if (bytes.length > 0) bytes[index] = bytes[index]! ^ (1 << (bit % 8));
    parts[part] = bytes.toString('base64url');
    return parts.join('.');
  });

const fields = fc.oneof(
  fc.constantFrom<unknown>('none', 'HS256', 'RS256', 'ES256', 'PS256', 'at+jwt', 'JWT', 'key'),
  fc.jsonValue({ maxDepth: 3 }),
);

/** A header or a payload in which fields are anything, with the signature of the token as it was. */
const forgedFields: fc.Arbitrary<Mutation> = fc
  .record({
    part: fc.nat({ max: 1 }),
    name: fc.constantFrom(...FIELD_NAMES),
    value: fields,
  })
  .map(({ part, name, value }) => (token) => {
    const parts = token.split('.');
    try {
      const object = JSON.parse(Buffer.from(parts[part] ?? '', 'base64url').toString()) as object;
      Object.defineProperty(object, name, { value, enumerable: true });
      parts[part] = encode(JSON.stringify(object));
    } catch {
      parts[part] = encode(JSON.stringify({ [name]: value }));
    }
    return parts.join('.');
  });

/** One to four changes of a token, by someone who has not its key. */
export const mutations: fc.Arbitrary<Mutation> = fc
  .array(fc.oneof(edits, rearrangements, bitFlips, forgedFields), { minLength: 1, maxLength: 4 })
  .map((steps) => (token) => steps.reduce((changed, step) => step(changed), token));

/** Whatever header and payload, with no signature, a random one, or that of the attacker's own key. */
export function foreignTokens(key: KeyUnderAttack, claims: object): fc.Arbitrary<string> {
  const extra = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 }), { maxKeys: 4 });
  const header = fc.record(
    { alg: fields, kid: fields, typ: fields, crit: fields, jwk: fields },
    { requiredKeys: [] },
  );
  const signature = fc.oneof(
    fc.constant('attacker' as const),
    fc.uint8Array({ maxLength: 256 }).map((bytes) => Buffer.from(bytes)),
  );
  return fc.tuple(header, extra, signature).map(([fieldsOfHeader, more, by]) => {
    const head = encode(JSON.stringify({ ...key.header, ...fieldsOfHeader }));
    const input = `${head}.${encode(JSON.stringify({ ...claims, ...more }))}`;
    const bytes = by === 'attacker' ? key.signAsAttacker(input) : by;
    return `${input}.${bytes.toString('base64url')}`;
  });
}

/** The same header, payload and signature bytes in other characters, which RSA and ECDSA do not tell from the first. */
export function isSpellingOf(good: string, token: string): boolean {
  const [header, payload, signature, ...rest] = token.split('.');
  const parts = good.split('.');
  const bytes = Buffer.from(signature ?? '', 'base64url');
  return (
    rest.length === 0 &&
    header === parts[0] &&
    payload === parts[1] &&
    bytes.equals(Buffer.from(parts[2]!, 'base64url'))
  );
}

import { describe, expect, it } from 'vitest';
import { type ReadHeader, readHeader } from './token-header.js';

const encode = (text: string) => Buffer.from(text).toString('base64url');
const HEADER = { alg: 'HS256', typ: 'at+jwt', kid: 'a' };
const token = (header: unknown, payload = '{}') =>
  `${encode(JSON.stringify(header))}.${encode(payload)}.c2ln`;

const read = (header: object) => ({ accepted: true, header });
const refused = (detail: string) => ({ accepted: false, reason: 'token_invalid', detail });

describe('readHeader', () => {
  it('reads the header of a compact JWS', () => {
    expect(readHeader(token(HEADER))).toEqual(read(HEADER));
  });

  it('hands on whatever the fields hold', () => {
    const header = { alg: 1, typ: [], kid: { a: null } };
    expect(readHeader(token(header))).toEqual(read(header));
    expect(readHeader(token({}))).toEqual(read({}));
  });

  it.each([
    [undefined],
    [null],
    [1],
    [true],
    [{}],
    [['a.b.c']],
    [Buffer.from('a.b.c')],
    [Symbol()],
  ])('finds no text in %s', (value) => {
    expect(readHeader(value)).toEqual(refused('the token is not text'));
  });

  const parts = { header: encode(JSON.stringify(HEADER)), payload: encode('{}') };
  it.each([
    ['nothing', ''],
    ['a header alone', parts.header],
    ['no signature', `${parts.header}.${parts.payload}`],
    ['an empty signature', `${parts.header}.${parts.payload}.`],
    ['an empty payload', `${parts.header}..c2ln`],
    ['an empty header', `.${parts.payload}.c2ln`],
    ['dots alone', '..'],
    ['four parts', `${parts.header}.${parts.payload}.c2ln.c2ln`],
    ['a JWE, with five', `${parts.header}.a.b.c.d`],
    ['a thousand parts', `${parts.header}${'.a'.repeat(1000)}`],
    ['a header that is not base64', `%%%.${parts.payload}.c2ln`],
    ['a space before it', ` ${parts.header}.${parts.payload}.c2ln`],
    ['a space after it', `${parts.header}.${parts.payload}.c2ln `],
    ['a line break after it', `${parts.header}.${parts.payload}.c2ln\n`],
    ['a line break in it', `${parts.header}.\n${parts.payload}.c2ln`],
    ['padding', `${parts.header}.${parts.payload}.c2k=`],
    ['padding in the header', `${encode('{"alg": 1}')}=.${parts.payload}.c2ln`],
    ['plain base64', `${parts.header}.${parts.payload}.+/+/`],
    ['a letter that is none of ASCII', `${parts.header}.${parts.payload}.c2lñ`],
  ])('refuses %s', (_, value) => {
    expect(readHeader(value)).toEqual(refused('the token does not have three base64url parts'));
  });

  it.each([
    ['not JSON', encode('{alg:HS256}')],
    ['half a JSON object', encode('{"alg":"HS256"')],
    ['text', encode('"at+jwt"')],
    ['a number', encode('1')],
    ['null', encode('null')],
    ['a list', encode('[]')],
    ['a list with a header', encode(JSON.stringify([HEADER]))],
    ['not UTF-8', Buffer.from([0xff, 0xfe]).toString('base64url')],
  ])('refuses a header that is %s', (_, header) => {
    expect(readHeader(`${header}.${parts.payload}.c2ln`)).toEqual(
      refused('the header is not a JSON object'),
    );
  });

  it.each([[['exp']], [[]], [null], [false], ['']])('refuses crit, also as %j', (crit) => {
    expect(readHeader(token({ ...HEADER, crit }))).toEqual(refused('"crit" asks for an extension'));
  });

  it.each([['null'], ['[]'], ['1'], ['"x"'], ['{']])('does not read the payload: %s', (payload) => {
    expect(readHeader(token(HEADER, payload))).toEqual(read(HEADER));
  });

  it('refuses a token that no header of a request can hold, before it reads any of it', () => {
    const long = (length: number) => token(HEADER).padEnd(length, 'A');
    expect(readHeader(long(16_384))).toEqual(read(HEADER));
    expect(readHeader(long(16_385))).toEqual(refused('the token is longer than 16384 bytes'));
    expect(readHeader('.'.repeat(10_000_000))).toEqual(
      refused('the token is longer than 16384 bytes'),
    );
  });

  it('is not misled by names that every object has', () => {
    const header =
      '{"__proto__":{"alg":"none","crit":["x"]},"alg":"HS256","typ":"at+jwt","kid":"a"}';
    const found = readHeader(`${encode(header)}.${parts.payload}.c2ln`);
    expect(found).toMatchObject(read(HEADER));
    expect(Object.getPrototypeOf((found as ReadHeader).header)).toBe(Object.prototype);
  });

  it('is not misled by a header that looks like a refusal', () => {
    const header = { ...HEADER, accepted: false, reason: 'token_invalid', detail: 'none' };
    expect(readHeader(token(header))).toEqual(read(header));
  });
});

import { createHmac } from 'node:crypto';
import { encode } from '../forge.js';
import type { KeyUnderAttack } from './keys.js';

/** A token that must never be accepted, and what it tries. */
export interface HostileToken {
  readonly name: string;
  readonly token: string;
}

/** The known attacks on JOSE libraries, aimed at this key and this good payload. None of these carries its signature. */
export function hostileTokens(key: KeyUnderAttack, claims: object): HostileToken[] {
  const payload = JSON.stringify(claims);
  const good = new Genuine(key, payload);
  const named = {
    ...withoutSignature(good),
    ...withTheWrongKey(good),
    ...withAHeaderThatHelps(good),
    ...withTheWrongShape(good),
    ...withTextThatIsNone(good),
    ...atLength(good),
  };
  return Object.entries(named).map(([name, token]) => ({ name, token }));
}

/** The token that the hostile ones are made from, as the application would sign it. */
export function genuineToken(key: KeyUnderAttack, claims: object): string {
  return new Genuine(key, JSON.stringify(claims)).token;
}

/** A token that holds, and others made from it. */
class Genuine {
  readonly header: string;
  readonly payload: string;
  readonly signature: string;

  constructor(
    readonly key: KeyUnderAttack,
    readonly payloadText: string,
  ) {
    this.header = encode(JSON.stringify(key.header));
    this.payload = encode(payloadText);
    this.signature = key.sign(`${this.header}.${this.payload}`).toString('base64url');
  }

  get token(): string {
    return `${this.header}.${this.payload}.${this.signature}`;
  }

  /** Other headers over the good payload, signed with the attacker's key. */
  attackers(header: object, payload = this.payload): string {
    const input = `${encode(JSON.stringify({ ...this.key.header, ...header }))}.${payload}`;
    return `${input}.${this.key.signAsAttacker(input).toString('base64url')}`;
  }

  /** The header as text, whatever it is, with the good payload and signature. */
  withHeaderText(text: string | Buffer): string {
    return `${Buffer.from(text).toString('base64url')}.${this.payload}.${this.signature}`;
  }

  withPayloadText(text: string | Buffer): string {
    return `${this.header}.${Buffer.from(text).toString('base64url')}.${this.signature}`;
  }
}

type Named = Record<string, string>;

function withoutSignature(good: Genuine): Named {
  const tokens: Named = { 'its signature cut off': `${good.header}.${good.payload}.` };
  for (const alg of ['none', 'None', 'NONE', 'nOnE', 'none ', '', null, undefined, ['none'], 0]) {
    const header = encode(JSON.stringify({ ...good.key.header, alg }));
    const name = `alg ${JSON.stringify(alg)}`;
    tokens[`${name} and no signature`] = `${header}.${good.payload}.`;
    tokens[`${name} and the signature of another header`] =
      `${header}.${good.payload}.${good.signature}`;
  }
  const twice = `{"alg":"${good.key.header.alg}","typ":"at+jwt","kid":"key","alg":"none"}`;
  tokens['alg given twice, the last one none'] = `${encode(twice)}.${good.payload}.`;
  const first = `{"alg":"none","typ":"at+jwt","kid":"key","alg":"${good.key.header.alg}"}`;
  tokens['alg given twice, the first one none'] = `${encode(first)}.${good.payload}.`;
  return tokens;
}

function withTheWrongKey(good: Genuine): Named {
  const tokens: Named = { 'the key of an attacker': good.attackers({}) };
  for (const [hash, alg] of [
    ['sha256', 'HS256'],
    ['sha384', 'HS384'],
    ['sha512', 'HS512'],
  ] as const) {
    const input = `${encode(JSON.stringify({ ...good.key.header, alg }))}.${good.payload}`;
    for (const [index, secret] of good.key.known.entries()) {
      const signature = createHmac(hash, secret).update(input).digest('base64url');
      tokens[`${alg} with what is known of the key, spelling ${index}`] = `${input}.${signature}`;
    }
  }
  // "Psychic signatures": r = s = 0 verified in some libraries.
  for (const size of [32, 64, 256]) {
    const zeros = Buffer.alloc(size).toString('base64url');
    tokens[`a signature of ${size} zeros`] = `${good.header}.${good.payload}.${zeros}`;
  }
  return tokens;
}

const ELSEWHERE = 'http://127.0.0.1:1/key';

function withAHeaderThatHelps(good: Genuine): Named {
  const jwk = good.key.attackersJwk;
  const helpful: Record<string, object> = {
    jwk: { jwk },
    'jwk of the same kid': { jwk: { ...jwk, kid: 'key' } },
    jku: { jku: ELSEWHERE },
    'jku to a file': { jku: 'file:///dev/null' },
    x5u: { x5u: ELSEWHERE },
    x5c: { x5c: [Buffer.from(JSON.stringify(jwk)).toString('base64')] },
    'all of them and another kid': { jwk, jku: ELSEWHERE, x5u: ELSEWHERE, kid: 'mine' },
    crit: { crit: ['exp'] },
    'an empty crit': { crit: [] },
    'an unencoded payload': { b64: false, crit: ['b64'] },
    'b64 alone': { b64: false },
    compression: { zip: 'DEF' },
    'a nested content type': { cty: 'JWT' },
    __proto__: JSON.parse('{"__proto__":{"alg":"none","kid":"key"}}') as object,
    constructor: { constructor: { prototype: { alg: 'none' } } },
  };
  const kids = [
    '../../../../../../dev/null',
    '/dev/null',
    "' UNION SELECT 'secret' --",
    '; sleep 10',
    '$(id)',
    '__proto__',
    'constructor',
    'toString',
    'key\0',
    'KEY',
    ' key',
    'key\n',
    '',
    null,
    0,
    ['key'],
    { toString: 'key' },
    ELSEWHERE,
  ];
  const byHeader = Object.entries(helpful).map(([name, header]): [string, string] => [
    `${name} in the header`,
    good.attackers(header),
  ]);
  const byKid = kids.map((kid): [string, string] => [
    `kid ${JSON.stringify(kid)}`,
    good.attackers({ kid }),
  ]);
  return Object.fromEntries([...byHeader, ...byKid]);
}

function withTheWrongShape(good: Genuine): Named {
  const { header, payload, signature, token } = good;
  const unencoded = encode(JSON.stringify({ ...good.key.header, b64: false, crit: ['b64'] }));
  return {
    'no part': '',
    'one part': header,
    'two parts': `${header}.${payload}`,
    'four parts': `${token}.${signature}`,
    'five parts, as a JWE has': `${token}.${signature}.${signature}`,
    'a JWE': `${encode('{"alg":"dir","enc":"A256GCM","kid":"key","typ":"at+jwt"}')}..${payload}.${payload}.${signature}`,
    'only dots': '..',
    'no header': `.${payload}.${signature}`,
    'no payload': `${header}..${signature}`,
    'a detached payload': `${unencoded}..${signature}`,
    'an unencoded payload in the open': `${unencoded}.${good.payloadText}.${signature}`,
    'a dot before': `.${token}`,
    'a dot after': `${token}.`,
    'payload and header exchanged': `${payload}.${header}.${signature}`,
    'a header of 0 bytes of JSON': `${encode('{}')}.${payload}.${signature}`,
    'padding after the header': `${header}=.${payload}.${signature}`,
    'padding after the payload': `${header}.${payload}==.${signature}`,
    'padding after the signature': `${token}=`,
    'two signs of padding after the signature': `${token}==`,
    'base64 in place of base64url': `${header}.${payload}.${signature.replaceAll('-', '+').replaceAll('_', '/')}+/`,
    'a blank before': ` ${token}`,
    'a blank after': `${token} `,
    'a blank within': `${header}. ${payload}.${signature}`,
    'a tab within the signature': `${header}.${payload}.${signature.slice(0, 9)}\t${signature.slice(9)}`,
    'a line break after': `${token}\n`,
    'a line break within': `${header}.\r\n${payload}.${signature}`,
    'the scheme twice': `Bearer ${token}`,
    'in quotes': `"${token}"`,
    'JWS in JSON': JSON.stringify({ protected: header, payload, signature }),
    'two tokens': `${token},${token}`,
  };
}

function withTextThatIsNone(good: Genuine): Named {
  const { header, payload, signature, token } = good;
  const invalidUtf8 = Buffer.from([0x7b, 0x22, 0xff, 0xc0, 0x80, 0x22, 0x3a, 0x31, 0x7d]);
  const huge = '9'.repeat(4000);
  return {
    'NUL before': `\0${token}`,
    'NUL after': `${token}\0`,
    'NUL within': `${header}.${payload}\0.${signature}`,
    'a lone surrogate': `${header}.\ud800${payload}.${signature}`,
    'a lone surrogate after': `${token}\udc00`,
    'letters of another width': `${header}.${payload}.${signature.replace(/[a-z]/, 'ａ')}`,
    'a byte order mark': `\ufeff${token}`,
    'an invisible blank': `${header}.\u200b${payload}.${signature}`,
    'invalid UTF-8 in the header': good.withHeaderText(invalidUtf8),
    'invalid UTF-8 in the payload': good.withPayloadText(invalidUtf8),
    'NUL in the header': good.withHeaderText('{"alg":"HS256\0","kid":"key","typ":"at+jwt"}'),
    'a lone surrogate in the kid': good.withHeaderText(
      `{"alg":"${good.key.header.alg}","kid":"\\ud800","typ":"at+jwt"}`,
    ),
    'a byte order mark in the header': good.withHeaderText(
      `\ufeff${JSON.stringify(good.key.header)}`,
    ),
    'no JSON in the header': good.withHeaderText('{'),
    'a number as header': good.withHeaderText('1'),
    'null as header': good.withHeaderText('null'),
    'a list as header': good.withHeaderText('[]'),
    'null as payload': good.withPayloadText('null'),
    'no JSON as payload': good.withPayloadText('{'),
    'keys twice in the payload': good.withPayloadText(
      `{"sub":"1","sub":"2",${good.payloadText.slice(1)}`,
    ),
    'a huge number in the header': good.withHeaderText(
      `{"alg":"${good.key.header.alg}","kid":${huge},"typ":"at+jwt"}`,
    ),
    'a huge number in the payload': good.withPayloadText(`{"iat":${huge},"exp":1e999,"ver":-0}`),
    'a huge exponent': good.withPayloadText(`{"iat":1e${huge}}`),
  };
}

/** Sizes that HTTP lets in; the verifier refuses what is longer than 16 KB before it looks at it. */
export const LENGTHS = [8192, 16_384] as const;

function atLength(good: Genuine): Named {
  const tokens: Named = {};
  for (const length of LENGTHS) {
    const fill = (before: string, unit: string, after = '') =>
      before +
      unit.repeat(Math.floor((length - before.length - after.length) / unit.length)) +
      after;
    // What is encoded grows by a third.
    const inner = Math.floor(((length - 1000) * 3) / 4);
    const deep = (open: string, close: string, core = '') =>
      open.repeat(Math.floor(inner / (open.length + close.length))) +
      core +
      close.repeat(Math.floor(inner / (open.length + close.length)));
    const { alg } = good.key.header;
    const name = (what: string) => `${what} of ${length} bytes`;
    tokens[name('dots')] = fill('', '.');
    tokens[name('one letter')] = fill('', 'a');
    tokens[name('letters and no second dot')] = fill('a.', 'a');
    tokens[name('a signature')] = fill(`${good.header}.${good.payload}.`, 'A');
    tokens[name('a payload')] = fill(`${good.header}.`, 'A', `.${good.signature}`);
    tokens[name('a header')] = fill('', 'A', `.${good.payload}.${good.signature}`);
    tokens[name('blanks')] = fill('', ' ');
    tokens[name('a kid')] = good.attackers({ kid: 'k'.repeat(inner - 100) });
    tokens[name('a typ')] = good.attackers({ typ: 'T'.repeat(inner - 100) });
    tokens[name('lists within lists as payload')] = good.attackers({}, encode(deep('[', ']')));
    tokens[name('objects within objects as payload')] = good.attackers(
      {},
      encode(deep('{"a":', '}', '1')),
    );
    tokens[name('lists that do not end')] = good.withPayloadText('['.repeat(inner));
    tokens[name('lists within the header')] = good.withHeaderText(
      `{"alg":"${alg}","typ":"at+jwt","kid":${deep('[', ']')}}`,
    );
    tokens[name('a number in the payload')] = good.withPayloadText(
      `{"iat":${'9'.repeat(inner - 20)}}`,
    );
    tokens[name('keys in the header')] = good.withHeaderText(
      `{${Array.from({ length: Math.floor(inner / 10) }, (_, i) => `"k${i}":0`).join(',')}}`,
    );
    tokens[name('one key of the header again and again')] = good.withHeaderText(
      `{${'"alg":0,'.repeat(Math.floor(inner / 8) - 2)}"alg":"${alg}"}`,
    );
    tokens[name('text with escapes in the payload')] = good.withPayloadText(
      `{"sub":"${'\\u0000'.repeat(Math.floor(inner / 6) - 4)}"}`,
    );
  }
  return tokens;
}

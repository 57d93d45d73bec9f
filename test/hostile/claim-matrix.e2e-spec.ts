import { beforeAll, describe, expect, it } from 'vitest';
import { forge, HEADER, sign } from '../support/forge.js';
import { useApp } from '../support/use-app.js';
import { createUser } from '../support/users.js';

/** Values as JSON text, so that what JSON has no word for (NaN, undefined) is sent as a signer would send it. */
const VALUES: Record<string, string | undefined> = {
  undefined,
  null: 'null',
  'an empty text': '""',
  '"abc"': '"abc"',
  '"1"': '"1"',
  '[]': '[]',
  '{}': '{}',
  '[1]': '[1]',
  true: 'true',
  NaN: 'null',
  '-1': '-1',
  '1.5': '1.5',
  '1e30': '1e30',
  '2^53': '9007199254740992',
};

type Outcome = 200 | string;
const NUMBERS = new Set(['-1', '1.5', '1e30', '2^53']);

/** The rule once more, in other words: what becomes of an otherwise good token with this value in this claim. */
function expected(claim: string, value: string): Outcome {
  switch (claim) {
    case 'sub':
      return ['"abc"', '"1"'].includes(value) ? '401 user_unknown' : '401 claims_invalid';
    case 'ver':
      return '401 claims_invalid';
    case 'iat':
      if (!NUMBERS.has(value)) return '401 claims_invalid';
      return ['1e30', '2^53'].includes(value) ? '401 issued_in_future' : 200;
    case 'exp':
      if (!NUMBERS.has(value)) return '401 claims_invalid';
      return ['1e30', '2^53'].includes(value) ? 200 : '401 token_expired';
    default:
      return '401 reauthentication_required';
  }
}

describe('the claim matrix: a properly signed token with an odd value in one claim', () => {
  const app = useApp({ platform: 'fastify' });
  let subject: string;

  beforeAll(async () => {
    subject = (await createUser(app().dataSource)).id;
  });

  const cases = ['sub', 'ver', 'iat', 'exp', 'auth_time'].flatMap((claim) =>
    Object.keys(VALUES).map((value) => [claim, value] as const),
  );

  it.each(cases)('%s of %s', async (claim, value) => {
    const token = withClaim(claim, VALUES[value]);
    const path = claim === 'auth_time' ? '/auth/sensitive' : '/auth/me';
    expect(await app().ask(token, path)).toBe(expected(claim, value));
  });

  it.each(Object.keys(VALUES))(
    'auth_time of %s where no recent login is asked for',
    async (value) => {
      expect(await app().ask(withClaim('auth_time', VALUES[value]))).toBe(200);
    },
  );

  it('claims that reach for the prototype change nothing', async () => {
    const payload = `{"__proto__":{"sub":"${subject}","admin":true},"constructor":{"prototype":{"admin":true}},${good()}}`;
    expect(await app().ask(sign(JSON.stringify(HEADER), payload))).toBe('401 claims_invalid');
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  it('of a claim that comes twice the last one counts, for the signature and for the rule', async () => {
    const payload = `{"sub":"nobody","sub":"${subject}","realm":"public.users","ver":0,${good()}}`;
    expect(await app().ask(sign(JSON.stringify(HEADER), payload))).toBe(200);
  });

  function withClaim(claim: string, json: string | undefined): string {
    const claims: Record<string, unknown> = { sub: subject, ver: 0, [claim]: undefined };
    const [, encoded] = forge(claims).split('.');
    const text = Buffer.from(encoded!, 'base64url').toString();
    const payload = json === undefined ? text : text.replace(/\}$/, `,"${claim}":${json}}`);
    return sign(JSON.stringify(HEADER), payload);
  }
});

function good(): string {
  const now = Math.floor(Date.now() / 1000);
  return `"iat":${now},"exp":${now + 900}`;
}

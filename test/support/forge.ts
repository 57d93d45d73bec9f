import { createHmac, randomUUID } from 'node:crypto';
import { SECRET } from './app-settings.js';

const secretKid = createHmac('sha256', SECRET)
  .update('nestjs-token-invalidation kid')
  .digest('base64url')
  .slice(0, 16);

/** The header of the tokens that the applications of these tests issue. */
export const HEADER = { alg: 'HS256', typ: 'at+jwt', kid: secretKid };

/** The realm of the users of the reference migrations. */
export const REALM = 'public.users';

/** Claims that hold, for a moment around now. */
export function goodClaims(): Record<string, unknown> {
  const now = Math.floor(Date.now() / 1000);
  return { realm: REALM, iat: now, exp: now + 900, auth_time: now, jti: randomUUID() };
}

/** A token with these claims over good ones, signed with the application's own secret: what only its owner can make. */
export function forge(claims: object, header: object = HEADER): string {
  return sign(JSON.stringify(header), JSON.stringify({ ...goodClaims(), ...claims }));
}

/** A token of exactly these texts, signed with the application's own secret. */
export function sign(header: string, payload: string, secret = SECRET): string {
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

export function encode(text: string): string {
  return Buffer.from(text).toString('base64url');
}

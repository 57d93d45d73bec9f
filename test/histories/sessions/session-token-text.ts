import type { SessionAccess, SessionRefresh } from './session-operation.js';

/** Where things are in a refresh token, after its prefix. */
const PREFIX = 'nti1_';
const SESSION = [5, 21] as const;

/** What an access token says, by its payload. */
export function readAccess(text: string): SessionAccess {
  const payload = Buffer.from(text.split('.')[1]!, 'base64url').toString();
  const claims = JSON.parse(payload) as {
    sid: string;
    gen: number;
    ver: number;
    everyone_ver: number;
    auth_time: number;
    exp: number;
  };
  return {
    sessionId: claims.sid,
    generation: claims.gen,
    version: claims.ver,
    everyoneVersion: claims.everyone_ver,
    authTime: claims.auth_time,
    expires: claims.exp,
    text,
  };
}

/** What a refresh token says, by its bytes. */
export function readRefresh(text: string): SessionRefresh {
  const bytes = Buffer.from(text.slice(PREFIX.length), 'base64url');
  const digits = bytes.toString('hex', ...SESSION);
  const parts = [0, 8, 12, 16, 20].map((start, index, all) => digits.slice(start, all[index + 1]));
  return { sessionId: parts.join('-'), generation: bytes.readUInt32BE(SESSION[1]), text };
}

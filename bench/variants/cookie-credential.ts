import type { Credential } from './variant.js';

/** What a browser sends back of the cookies that it keeps. */
export function cookieCredential(headers: Headers): Credential {
  const cookies = headers.getSetCookie().map((line) => line.split(';', 1)[0]);
  if (cookies.length === 0) throw new Error('There is no cookie in the answer');
  return { name: 'cookie', value: cookies.join('; ') };
}

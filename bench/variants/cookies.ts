import type { Credential } from './variant.js';

/** What a browser sends back of what it was told to keep. */
export function cookieCredential(headers: Headers): Credential {
  const cookies = headers.getSetCookie().map((line) => line.split(';', 1)[0]);
  if (cookies.length === 0) throw new Error('There is no cookie in the answer');
  return { name: 'cookie', value: cookies.join('; ') };
}

/** The same cookies, the first of them with another signature: that is what follows its last dot. */
export function forgeCookie({ name, value }: Credential): Credential {
  const [first = '', ...others] = value.split('; ');
  const start = first.indexOf('=') + 1;
  // Decoded, for the signature may begin with an escape.
  const signed = decodeURIComponent(first.slice(start));
  const signature = signed.lastIndexOf('.') + 1;
  if (signature === 0) throw new Error(`The cookie ${first} is not signed`);
  const wrong = signed[signature] === 'A' ? 'B' : 'A';
  const forged = signed.slice(0, signature) + wrong + signed.slice(signature + 1);
  const cookie = first.slice(0, start) + encodeURIComponent(forged);
  return { name, value: [cookie, ...others].join('; ') };
}

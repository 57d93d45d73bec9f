import type { Credential } from './variant.js';

/** The same caller with another signature: of the token, or of the first of the cookies. */
export function forge({ name, value }: Credential): Credential {
  if (name === 'authorization') return { name, value: withOtherSignature(value) };
  const [first = '', ...others] = value.split('; ');
  const start = first.indexOf('=') + 1;
  // Decoded, for the signature may begin with an escape.
  const forged = withOtherSignature(decodeURIComponent(first.slice(start)));
  const cookie = first.slice(0, start) + encodeURIComponent(forged);
  return { name, value: [cookie, ...others].join('; ') };
}

/** The signature is what follows the last dot. Its first character counts in full, unlike its last one. */
function withOtherSignature(signed: string): string {
  const start = signed.lastIndexOf('.') + 1;
  if (start === 0) throw new Error('There is no signature to forge');
  const wrong = signed[start] === 'A' ? 'B' : 'A';
  return signed.slice(0, start) + wrong + signed.slice(start + 1);
}

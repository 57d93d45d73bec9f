import type { Credential } from './variant.js';

/** 48 bytes, as text: what `openssl rand -base64 36` gives. */
export const SECRET = 'YmVuY2htYXJrLW9ubHktbm90LWEtc2VjcmV0LTEyMzQ1Njc4';

/** Longer than the longest run. */
export const EXPIRES_IN = '2h';

export function bearer(token: string): Credential {
  return { name: 'authorization', value: `Bearer ${token}` };
}

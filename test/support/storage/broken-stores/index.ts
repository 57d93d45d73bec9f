import type { MakeStore } from '../memory-harness.js';
import { COMMITS } from './commits.js';
import { DESCRIBING } from './describing.js';
import { EVERYONE } from './everyone.js';
import { INVALIDATING } from './invalidating.js';
import { PASSWORDS } from './passwords.js';
import { READING } from './reading.js';
import { SESSIONS } from './sessions.js';
import { TRANSACTIONS } from './transactions.js';

/** Stores of which each breaks one promise, named by what it does. */
export const BROKEN_STORES: Readonly<Record<string, MakeStore>> = {
  ...READING,
  ...DESCRIBING,
  ...INVALIDATING,
  ...PASSWORDS,
  ...EVERYONE,
  ...TRANSACTIONS,
  ...COMMITS,
  ...SESSIONS,
};

import type { ContractCases } from './harness.js';
import { refreshCases } from './refresh.cases.js';
import { refreshLimitCases } from './refresh-limits.cases.js';
import { replacingCases } from './replacing.cases.js';
import { endingCases } from './session-ending.cases.js';
import { sessionTransactionCases } from './session-transaction.cases.js';
import { startingCases } from './session-starting.cases.js';

/** What the module relies on in the sessions of a store. */
export const SESSION_SECTIONS: readonly (readonly [string, ContractCases])[] = [
  ['sessions, start and list', startingCases],
  ['sessions, refresh', refreshCases],
  ['sessions, what a refresh does not do', refreshLimitCases],
  ['sessions, end', endingCases],
  ['sessions, replace and fork', replacingCases],
  ["sessions, the caller's transaction", sessionTransactionCases],
];

export { tokenStateStoreContract } from './contract/token-state-store.contract.js';
export type { ContractRunner, TokenStateStoreHarness } from './contract/harness.js';

export { InMemoryTokenStateStore } from './in-memory/in-memory-token-state.store.js';
export type { InMemoryDatabase } from './in-memory/in-memory-database.js';
export type {
  InMemoryRows,
  InMemoryUser,
  NewInMemoryUser,
  UserWrite,
  WritableUser,
} from './in-memory/in-memory-rows.js';
export type { InMemorySession } from './in-memory/in-memory-session.js';
export type { InMemorySessionStore } from './in-memory/in-memory-session.store.js';
export type { InMemoryTransaction } from './in-memory/in-memory-transaction.js';

export { expectTokensToBeRefused } from './expect-tokens-to-be-refused.js';
export type { ExpectTokensToBeRefusedOptions } from './expect-tokens-to-be-refused.js';
export { FrozenClock } from './frozen-clock.js';
export { issueToken } from './issue-token.js';
export { listAccess } from './list-access.js';
export type { Access, AccessEntry } from '../audit/access-entry.js';

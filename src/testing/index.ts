export { tokenStateStoreContract } from './token-state-store.contract.js';
export type { ContractRunner, TokenStateStoreHarness } from './harness.js';

export { InMemoryTokenStateStore } from './in-memory-token-state.store.js';
export type { InMemoryUser, NewInMemoryUser } from './in-memory-token-state.store.js';
export { InMemoryTransaction } from './in-memory-transaction.js';

export { expectTokensToDie } from './expect-tokens-to-die.js';
export type { ExpectTokensToDieOptions } from './expect-tokens-to-die.js';
export { FrozenClock } from './frozen-clock.js';
export { issueToken } from './issue-token.js';

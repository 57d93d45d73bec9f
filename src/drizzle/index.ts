export { drizzleStore } from './drizzle-store.js';
export type { DrizzleStoreOptions, DrizzleTableLike, DrizzleUser } from './drizzle-store.js';
export type { DrizzleTransaction } from './join-transaction.js';

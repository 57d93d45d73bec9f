export { drizzleStore } from './drizzle-store.js';
export type { DrizzleStoreOptions, DrizzleUser } from './drizzle-store.js';
export type { DrizzleTransaction } from './join-transaction.js';

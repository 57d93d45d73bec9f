export { pgStore } from './pg-store.js';
export type { PgStoreOptions } from './pg-store.js';
export type { PgUser } from './row-loader.js';
export type { PgTransaction } from './join-transaction.js';
export { tokenInvalidationSql } from './token-invalidation-sql.js';
export type { TokenInvalidationSqlOptions } from './token-invalidation-sql.js';
export type { SchemaSql } from '../postgres/schema/schema-sql.js';

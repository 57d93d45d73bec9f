export { RevocableUser } from './revocable-user.entity.js';
export { tokenInvalidationMigration } from './token-invalidation.migration.js';
export type { TokenInvalidationMigrationOptions } from './token-invalidation.migration.js';
export { typeOrmStore } from './typeorm-store.js';
export type { EntityClass, TypeOrmStoreOptions } from './typeorm-store.js';
export type { UserProperties } from './user-table.js';

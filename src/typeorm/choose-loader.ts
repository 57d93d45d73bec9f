import type { DataSource, EntityMetadata, ObjectLiteral } from 'typeorm';
import type { UserLoader } from '../postgres/user-loader.js';
import { FindingLoader } from './finding-loader.js';
import { HydratingLoader } from './hydrating-loader.js';
import type { UserTable } from './user-table.js';

/** The fastest loader that gives what TypeORM would. */
export function chooseLoader<User extends ObjectLiteral>(
  dataSource: DataSource,
  table: UserTable,
): UserLoader<User> {
  return needsTypeOrmToLoad(dataSource, table.metadata)
    ? new FindingLoader<User>(dataSource, table)
    : new HydratingLoader<User>(dataSource, table.metadata);
}

/** True when an entity is more than its own columns: then only TypeORM's `find` loads what the application expects. */
function needsTypeOrmToLoad(dataSource: DataSource, metadata: EntityMetadata): boolean {
  const spatial = new Set<unknown>(dataSource.driver.spatialTypes);
  return (
    metadata.eagerRelations.length > 0 ||
    metadata.relationIds.length > 0 ||
    // An entity with subclasses, or one of them.
    metadata.discriminatorColumn !== undefined ||
    metadata.afterLoadListeners.length > 0 ||
    metadata.columns.some((column) => column.isVirtualProperty || spatial.has(column.type)) ||
    dataSource.subscribers.some((subscriber) => subscriber.afterLoad !== undefined)
  );
}

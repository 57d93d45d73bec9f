import type { DataSource, EntityMetadata } from 'typeorm';

/**
 * Whether TypeORM runs code of the application when it loads the entity with what belongs to it: transformers of columns,
 * hooks, subscribers. Such code may look at the async context of the request.
 */
export function runsCode({ subscribers }: DataSource, metadata: EntityMetadata): boolean {
  if (subscribers.some((subscriber) => subscriber.afterLoad !== undefined)) return true;
  return [...loadedWith(metadata, new Set())].some(
    ({ afterLoadListeners, columns }) =>
      afterLoadListeners.length > 0 || columns.some(({ transformer }) => transformer !== undefined),
  );
}

/** The entity, its subclasses, and all that is loaded along with them. */
function loadedWith(metadata: EntityMetadata, found: Set<EntityMetadata>): Set<EntityMetadata> {
  if (found.has(metadata)) return found;
  found.add(metadata);
  const related = [
    ...metadata.eagerRelations,
    ...metadata.relationIds.map(({ relation }) => relation),
  ];
  const others = related.map(({ inverseEntityMetadata }) => inverseEntityMetadata);
  for (const other of [...metadata.childEntityMetadatas, ...others]) loadedWith(other, found);
  return found;
}

import type { INestApplicationContext, Type } from '@nestjs/common';
import { DataSource, In } from 'typeorm';
import type { UserRow } from '../user-entity.js';
import type { VariantContext } from './variant.js';

/** The users that the context names: the one to be revoked, then the callers in their order. */
export async function findUsers(
  app: INestApplicationContext,
  entity: Type<UserRow>,
  { revokedUserId, userIds }: VariantContext,
): Promise<UserRow[]> {
  const ids = [revokedUserId, ...userIds];
  const found = await app
    .get(DataSource)
    .getRepository(entity)
    .findBy({ id: In(ids) });
  const users = new Map(found.map((user) => [user.id, user]));
  return ids.map((id) => users.get(id)!);
}

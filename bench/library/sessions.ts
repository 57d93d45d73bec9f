import type { DynamicModule, Type } from '@nestjs/common';
import { tokenInvalidationMigration } from 'nestjs-token-invalidation/typeorm';
import type { UserRow } from '../user-entity.js';
import { moduleFor, type MoreOptions } from './current.js';

/** The same as without sessions, and the part of the schema that they need. */
export class RevocableTokens1760000000001 extends tokenInvalidationMigration({
  table: 'users',
  password: 'password_hash',
  to: { core: 2, sessions: 1 },
}) {}

/** The library with sessions, set up as in docs/sessions.md. The endpoints are left to the caller. */
export function moduleWithSessions(entity: Type<UserRow>, more: MoreOptions = {}): DynamicModule {
  return moduleFor(entity, { sessions: { absolute: '90 days', idle: '30 days' }, ...more });
}

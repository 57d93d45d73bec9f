import type { DynamicModule, Type } from '@nestjs/common';
import {
  TokenInvalidationModule,
  type TokenInvalidationModuleOptions,
} from 'nestjs-token-invalidation';
import { tokenInvalidationMigration, typeOrmStore } from 'nestjs-token-invalidation/typeorm';
import { EXPIRES_IN, SECRET } from '../variants/jwt.js';
import type { UserRow } from '../user-entity.js';

/** Brings the users table into the shape that this version wants. */
export class RevocableTokens1760000000001 extends tokenInvalidationMigration({
  table: 'users',
  password: 'password_hash',
}) {}

/** What it may also be set up with. */
export type MoreOptions = Pick<TokenInvalidationModuleOptions, 'sessions' | 'endpoints'>;

/** The library as the README sets it up. */
export function moduleFor(entity: Type<UserRow>, more: MoreOptions = {}): DynamicModule {
  return TokenInvalidationModule.forRoot({
    store: typeOrmStore({ entity }),
    secret: SECRET,
    expiresIn: EXPIRES_IN,
    isActive: (user: UserRow) => user.active,
    globalGuard: true,
    isGlobal: true,
    ...more,
  });
}

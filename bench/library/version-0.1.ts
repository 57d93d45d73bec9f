import type { DynamicModule, Type } from '@nestjs/common';
import * as library from 'nestjs-token-invalidation';
import type { MigrationInterface } from 'typeorm';
import type { RevocableColumns, UserRow } from '../user-entity.js';
import { EXPIRES_IN, SECRET } from '../variants/jwt.js';

/** What the entry `.` of 0.1.0 exported: the store was built in, and its options were the module's. */
interface Version01 {
  readonly RevocableUser: abstract new () => RevocableColumns;
  readonly TokenInvalidationModule: { forRoot(options: object): DynamicModule };
  tokenInvalidationMigration(options: {
    usersTable: string;
    passwordColumn: string;
  }): new () => MigrationInterface;
}

const version01 = library as unknown as Version01;

export const { RevocableUser } = version01;

/** Brings the users table into the shape that 0.1.0 wants. */
export class RevocableTokens1760000000001 extends version01.tokenInvalidationMigration({
  usersTable: 'users',
  passwordColumn: 'password_hash',
}) {}

/** The same application as with today's library, in the words of 0.1.0. */
export function moduleFor(entity: Type<UserRow>): DynamicModule {
  return version01.TokenInvalidationModule.forRoot({
    entity,
    secret: SECRET,
    expiresIn: EXPIRES_IN,
    isActive: (user: UserRow) => user.active,
    globalGuard: true,
    isGlobal: true,
  });
}

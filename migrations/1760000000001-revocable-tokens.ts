import { tokenInvalidationMigration } from 'nestjs-token-invalidation';

/** What makes the tokens of these users revocable. */
export class RevocableTokens1760000000001 extends tokenInvalidationMigration({
  usersTable: 'users',
  passwordColumn: 'password_hash',
}) {}

import { tokenInvalidationMigration } from 'nestjs-token-invalidation/typeorm';

/** What makes the tokens of these users revocable. */
export class RevocableTokens1760000000001 extends tokenInvalidationMigration({
  table: 'users',
  password: 'password_hash',
}) {}

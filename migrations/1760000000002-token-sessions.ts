import { tokenInvalidationMigration } from 'nestjs-token-invalidation/typeorm';

/** Adds the sessions of devices, with their refresh tokens. */
export class TokenSessions1760000000002 extends tokenInvalidationMigration({
  table: 'users',
  password: 'password_hash',
  from: { core: 2 },
  to: { core: 2, sessions: 1 },
}) {}

import { quoteName, revokedTokensTableOf, sessionsTableOf } from '../sql.js';
import { sqlNames } from './core-2-sql.js';
import type { SqlNames } from './schema-version.js';

/** The names of core, and those of the parts sessions and revoked_tokens. Quoted, with their schema where they need it. */
export function sessionNames(names: SqlNames) {
  const core = sqlNames(names);
  const inSchema = (name: string) => `${names.schema}.${quoteName(name)}`;
  const functionName = (suffix: string) => inSchema(`${names.users}_token_invalidation${suffix}`);
  const sessions = sessionsTableOf(names.users);
  const revokedTokens = revokedTokensTableOf(names.users);
  return {
    ...core,
    sessions: inSchema(sessions),
    revokedTokens: inSchema(revokedTokens),
    functions: {
      ...core.functions,
      session: functionName('_session'),
      revoked: functionName('_revoked'),
    },
    indexes: {
      user: quoteName(`${sessions}_user`),
      end: quoteName(`${sessions}_end`),
      revokedEnd: quoteName(`${revokedTokens}_end`),
    },
  };
}

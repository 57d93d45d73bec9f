import { judge, type RefusalReason, type TokenClaims } from 'nestjs-token-invalidation';
import type { ObjectLiteral } from 'typeorm';
import type { TypeOrmTokenStateStore } from '../../../src/typeorm/typeorm-token-state.store.js';

/** The claims of a token issued at this instant from this record. */
export function claimsFor<User extends ObjectLiteral>(
  store: TypeOrmTokenStateStore<User>,
  user: User,
  now: Date,
): TokenClaims {
  const { subject, state } = store.describe(user);
  const instants = [now, state.passwordChangedAt ?? now, state.logoutAllAt ?? now].map(Number);
  const iat = Math.floor(Math.max(...instants) / 1000);
  return { sub: subject, ver: state.tokenVersion, iat, exp: iat + 900 };
}

/** What the rule says of these claims, by what the store reads now. */
export async function verdictOn<User extends ObjectLiteral>(
  store: TypeOrmTokenStateStore<User>,
  claims: TokenClaims,
  now: Date,
): Promise<'accepted' | RefusalReason> {
  const reading = await store.read([{ subject: claims.sub }], { timeoutMs: 10_000 });
  const [record] = reading.records;
  if (record instanceof Error) throw record;
  const { everyoneLoggedOutAt } = reading;
  const policy = { clockToleranceSeconds: 300 };
  const verdict = judge(claims, record && { ...record, everyoneLoggedOutAt }, policy, Number(now));
  return verdict.accepted ? 'accepted' : verdict.reason;
}

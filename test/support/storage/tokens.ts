import {
  judgeClaims,
  judgeRecord,
  type RefusalReason,
  type TokenClaims,
} from 'nestjs-token-invalidation';
import type { TypeOrmStore } from './database.js';

/** The claims of a token issued at this instant from this record. */
export function claimsFor<User>(store: TypeOrmStore<User>, user: User, now: Date): TokenClaims {
  const { subject, state } = store.describe(user);
  const instants = [now, state.passwordChangedAt ?? now, state.logoutAllAt ?? now].map(Number);
  const iat = Math.floor(Math.max(...instants) / 1000);
  return { sub: subject, ver: state.tokenVersion, iat, exp: iat + 900 };
}

/** What the rule says of these claims, by what the store reads now. */
export async function verdictOn<User>(
  store: TypeOrmStore<User>,
  claims: TokenClaims,
  now: Date,
): Promise<'accepted' | RefusalReason> {
  const reading = await store.read([{ subject: claims.sub }], { timeoutMs: 10_000 });
  const [record] = reading.records;
  if (record instanceof Error) throw record;
  const { everyone } = reading;
  const circumstances = { policy: { clockToleranceSeconds: 300 }, now: Number(now) };
  const checked = judgeClaims(claims, circumstances);
  if (!checked.accepted) return checked.reason;
  const refused = judgeRecord(checked.claims, record && { ...record, everyone }, circumstances);
  return refused?.reason ?? 'accepted';
}

import type { ListedSession, RefreshedSession, StartedSession } from '../../state/session.store.js';
import { CLOCK } from '../sql.js';
import { IS_IDLE, LAST_USE } from './session-columns.js';

/** An instant as JSON has it: milliseconds since the epoch. */
const instant = (expression: string) => `(extract(epoch FROM ${expression}) * 1000)::float8`;
const age = (expression: string) => `extract(epoch FROM ${CLOCK} - ${expression})::float8`;

/** SQL of one text, which no application parses in another way. */
function json(fields: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(fields).map(([name, expression]) => `'${name}', ${expression}`);
  return `json_build_object(${pairs.join(', ')})::text`;
}

const IDENTITY = {
  id: 's.id',
  subject: 's.user_id::text',
  userVersion: 's.user_version',
  everyoneVersion: 's.everyone_version',
  startedAt: instant('s.started_at'),
  authTime: instant('s.auth_time'),
  expiresAt: instant('s.expires_at'),
  persistent: 's.persistent',
  label: 's.label',
};

/** SQL: a session that was written, as JSON. Alias: `s`. */
export const STARTED = json({ ...IDENTITY, userAgent: 's.user_agent' });

/**
 * SQL: what a refresh needs to know of a session, as JSON. Alias: `s`.
 *
 * @param secretMatches - SQL: whether its secret was presented
 */
export function refreshed(secretMatches: string): string {
  return json({
    ...IDENTITY,
    endedReason: 's.ended_reason',
    isExpired: `s.expires_at <= ${CLOCK}`,
    isIdle: IS_IDLE,
    generation: 's.generation',
    secretMatches,
    secondsSinceRotated: age('s.rotated_at'),
    secondsSinceSeen: age('s.seen_at'),
    repeats: 's.repeats',
  });
}

/** SQL: a session as its user sees it, as JSON. Alias: `s`. */
export const LISTED = json({
  id: 's.id',
  label: 's.label',
  userAgent: 's.user_agent',
  startedAt: instant('s.started_at'),
  lastUsedAt: instant(LAST_USE),
  authTime: instant('s.auth_time'),
  expiresAt: instant('s.expires_at'),
  persistent: 's.persistent',
  startedFrom: 'text(s.started_from)',
  lastFrom: 'text(s.last_from)',
});

/** JSON has no instants. */
type AsJson<Type> = {
  readonly [Name in keyof Type]: Type[Name] extends Date ? number : Type[Name];
};

export function decodeStarted(text: string): Omit<StartedSession, 'evicted' | 'committed'> {
  return withDates(text, ['startedAt', 'authTime', 'expiresAt']);
}

export function decodeRefreshed(text: string): RefreshedSession {
  return withDates(text, ['startedAt', 'authTime', 'expiresAt']);
}

export function decodeListed(text: string): ListedSession {
  return withDates(text, ['startedAt', 'lastUsedAt', 'authTime', 'expiresAt']);
}

function withDates<Type extends object>(text: string, dates: readonly (keyof Type)[]): Type {
  const read = JSON.parse(text) as AsJson<Type>;
  const instants = dates.map((name) => [name, new Date(Number(read[name]))]);
  return { ...read, ...Object.fromEntries(instants) } as Type;
}

import type { ListedSession, RefreshedSession, StartedSession } from '../../state/session.store.js';
import { NOW } from '../sql.js';
import { isIdleAt, LAST_USE } from './session-columns.js';

/** An instant as JSON has it: milliseconds since the epoch. */
const instant = (expression: string) => `round(date_part('epoch', ${expression}) * 1000)`;

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

const age = (expression: string) => `date_part('epoch', ${NOW} - ${expression})`;

/** What a refresh needs to know of a session. */
function refreshedFields(secretMatches: string): Record<keyof RefreshedSession, string> {
  return {
    ...IDENTITY,
    endedReason: 's.ended_reason',
    isExpired: `s.expires_at <= ${NOW}`,
    isIdle: isIdleAt(NOW),
    generation: 's.generation',
    secretMatches,
    secondsSinceRotated: age('s.rotated_at'),
    secondsSinceSeen: age('s.seen_at'),
    repeats: 's.repeats',
  };
}

const REFRESHED = Object.keys(refreshedFields(''));

/**
 * SQL: the values of `REFRESHED` as JSON, whose names would cost as much as they do. Alias: `s`.
 *
 * @param secretMatches - SQL: whether its secret was presented
 */
export function refreshed(secretMatches: string): string {
  return `json_build_array(${Object.values(refreshedFields(secretMatches)).join(', ')})::text`;
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
  startedFrom: 's.started_from',
  lastFrom: 's.last_from',
});

export function decodeStarted(text: string): Omit<StartedSession, 'evicted' | 'committed'> {
  return withDates(JSON.parse(text), ['startedAt', 'authTime', 'expiresAt']);
}

export function decodeRefreshed(text: string): RefreshedSession {
  const values = JSON.parse(text) as unknown[];
  const read: Record<string, unknown> = {};
  for (const [index, name] of REFRESHED.entries()) read[name] = values[index];
  return withDates(read, ['startedAt', 'authTime', 'expiresAt']);
}

export function decodeListed(text: string): ListedSession {
  return withDates(JSON.parse(text), ['startedAt', 'lastUsedAt', 'authTime', 'expiresAt']);
}

/** JSON has no instants. */
function withDates<Type>(read: Record<string, unknown>, dates: readonly (keyof Type & string)[]) {
  for (const name of dates) read[name] = new Date(Number(read[name]));
  return read as Type;
}

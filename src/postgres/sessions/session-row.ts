import type { ListedSession, RefreshedSession, StartedSession } from '../../state/session.store.js';
import { NOW } from '../sql.js';
import { isIdleAt, LAST_USE } from './session-columns.js';

/** An instant as JSON has it: milliseconds since the epoch. */
const instant = (expression: string) => `(extract(epoch FROM ${expression}) * 1000)::float8`;

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

/** SQL: milliseconds since the epoch, in the type that is quickest to compute. It need not be a whole number. */
const quickInstant = (expression: string) => `date_part('epoch', ${expression}) * 1000`;
const age = (expression: string) => `date_part('epoch', ${NOW} - ${expression})`;

/** What a refresh needs to know of a session, in the order in which the row has it. */
type RefreshedValues = readonly [
  id: string,
  subject: string,
  userVersion: number,
  everyoneVersion: number,
  startedAt: number,
  authTime: number,
  expiresAt: number,
  persistent: boolean,
  label: string | null,
  endedReason: RefreshedSession['endedReason'],
  isExpired: boolean,
  isIdle: boolean,
  generation: number,
  secretMatches: boolean,
  secondsSinceRotated: number,
  secondsSinceSeen: number | null,
  repeats: number,
];

/**
 * SQL: `RefreshedValues` as JSON. An array: the names would cost as much as the values. Alias: `s`.
 *
 * @param secretMatches - SQL: whether its secret was presented
 */
export function refreshed(secretMatches: string): string {
  const values = [
    's.id',
    's.user_id::text',
    's.user_version',
    's.everyone_version',
    quickInstant('s.started_at'),
    quickInstant('s.auth_time'),
    quickInstant('s.expires_at'),
    's.persistent',
    's.label',
    's.ended_reason',
    `s.expires_at <= ${NOW}`,
    isIdleAt(NOW),
    's.generation',
    secretMatches,
    age('s.rotated_at'),
    age('s.seen_at'),
    's.repeats',
  ];
  return `json_build_array(${values.join(', ')})::text`;
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
  const [
    id,
    subject,
    userVersion,
    everyoneVersion,
    startedAt,
    authTime,
    expiresAt,
    persistent,
    label,
    endedReason,
    isExpired,
    isIdle,
    generation,
    secretMatches,
    secondsSinceRotated,
    secondsSinceSeen,
    repeats,
  ] = JSON.parse(text) as RefreshedValues;
  return {
    id,
    subject,
    userVersion,
    everyoneVersion,
    startedAt: dateOf(startedAt),
    authTime: dateOf(authTime),
    expiresAt: dateOf(expiresAt),
    persistent,
    label,
    endedReason,
    isExpired,
    isIdle,
    generation,
    secretMatches,
    secondsSinceRotated,
    secondsSinceSeen,
    repeats,
  };
}

function dateOf(quickInstant: number): Date {
  return new Date(Math.round(quickInstant));
}

export function decodeListed(text: string): ListedSession {
  return withDates(text, ['startedAt', 'lastUsedAt', 'authTime', 'expiresAt']);
}

function withDates<Type extends object>(text: string, dates: readonly (keyof Type)[]): Type {
  const read = JSON.parse(text) as AsJson<Type>;
  const instants = dates.map((name) => [name, new Date(Number(read[name]))]);
  return { ...read, ...Object.fromEntries(instants) } as Type;
}

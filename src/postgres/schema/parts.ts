import { CORE_2 } from './core-2.js';
import { REVOKED_TOKENS_1 } from './revoked-tokens-1.js';
import type { SchemaVersion } from './schema-version.js';
import { SESSIONS_1 } from './sessions-1.js';

/** The parts of the schema in the order in which they are built, each with the versions that exist. */
const PARTS = {
  core: { 2: CORE_2 },
  sessions: { 1: SESSIONS_1 },
  revoked_tokens: { 1: REVOKED_TOKENS_1 },
} satisfies Record<string, Readonly<Record<number, SchemaVersion>>>;

export type PartName = keyof typeof PARTS;

/** Parts of the schema, each with a version. */
export type Parts = { readonly [Part in PartName]?: keyof (typeof PARTS)[Part] };

/** What this release needs, each part where it is used, and what a migration brings that names nothing: that is frozen. */
export const NEEDED: Required<Parts> = { core: 2, sessions: 1, revoked_tokens: 1 };
const FIRST_PUBLISHED: Parts = { core: 2 };

/**
 * The versions that lead from the parts that are there to those that are wanted, in order.
 *
 * @throws TypeError when there is no such part or version, or nothing to do
 */
export function versionsBetween(
  { from = {}, to = FIRST_PUBLISHED }: { from?: Parts; to?: Parts },
  caller: string,
): SchemaVersion[] {
  requireKnown(from, `${caller}: from`);
  requireKnown(to, `${caller}: to`);
  const steps = Object.entries(PARTS).flatMap(([part, versions]) => {
    const [least, most] = [versionIn(from, part), versionIn(to, part)];
    return Object.entries(versions)
      .filter(([version]) => Number(version) > least && Number(version) <= most)
      .map(([, step]) => step);
  });
  if (steps.length > 0) return steps;
  throw new TypeError(`${caller}: to has nothing that is not in from.`);
}

function requireKnown(parts: Parts, path: string): void {
  for (const [part, version] of Object.entries(parts)) {
    const versions: object = Object.hasOwn(PARTS, part) ? PARTS[part as PartName] : {};
    if (!Object.hasOwn(versions, version)) {
      throw new TypeError(`${path} ${part}: ${version} does not exist: choose from ${known()}.`);
    }
  }
}

function versionIn(parts: Parts, part: string): number {
  return parts[part as PartName] ?? 0;
}

function known(): string {
  return Object.entries(PARTS)
    .flatMap(([part, versions]) => Object.keys(versions).map((version) => `${part}: ${version}`))
    .join(', ');
}

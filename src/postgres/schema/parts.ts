import { CORE_2 } from './core-2.js';
import { isPlainObject } from '../../options/checks.js';
import type { OptionRow } from '../../options/option-table.js';
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

/** What this release needs, each part where it is used, and what a migration brings that names nothing. The latter is frozen. */
export const NEEDED: Required<Parts> = { core: 2, sessions: 1, revoked_tokens: 1 };
export const FIRST_PUBLISHED: Parts = { core: 2 };

/** One row a part: the versions that it may have. */
const PART_ROWS = Object.fromEntries(
  Object.entries(PARTS).map(([part, versions]): [string, OptionRow] => [
    part,
    {
      check: (value) => typeof value === 'number' && Object.hasOwn(versions, value),
      problem: `is not a version of this part: choose from ${Object.keys(versions).join(', ')}.`,
    },
  ]),
);

/** A row for parts of the schema. */
export function partsRow(fallback: Parts): OptionRow<Parts> {
  return {
    default: fallback,
    check: isPlainObject,
    problem: 'is not an object with parts and their versions: give { core: 2 }.',
    fields: PART_ROWS,
  };
}

/**
 * The versions that lead from the parts that are there to those that are wanted, in order.
 *
 * @throws TypeError when there is nothing to do
 */
export function versionsBetween(
  { from, to }: { readonly from: Parts; readonly to: Parts },
  caller: string,
): SchemaVersion[] {
  const steps = Object.entries(PARTS).flatMap(([part, versions]) => {
    const [least, most] = [versionIn(from, part), versionIn(to, part)];
    return Object.entries(versions)
      .filter(([version]) => Number(version) > least && Number(version) <= most)
      .map(([, step]) => step);
  });
  if (steps.length > 0) return steps;
  throw new TypeError(`${caller}: to has nothing that is not in from.`);
}

function versionIn(parts: Parts, part: string): number {
  return parts[part as PartName] ?? 0;
}

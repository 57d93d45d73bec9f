import { parseArgs } from 'node:util';
import { earlierLibrary } from './earlier-library.js';
import type { Series } from './results.js';
import { ALL_VARIANTS, VARIANTS } from './variants/index.js';
import { type Platform, PLATFORMS, type Variant } from './variants/variant.js';

export const SERIES: readonly Series[] = [
  'main',
  'one-connection',
  'users',
  'concurrency',
  'one-user',
  'refused',
  'sessions',
  'session-rows',
  'refresh',
  'rotations',
];

/** Those whose answers a quick run checks. */
const QUICK: readonly Series[] = ['main', 'sessions', 'refresh', 'rotations'];

export interface Options {
  readonly variants: readonly Variant[];
  /** The library as it was at some commits, measured wherever the library is. */
  readonly earlier: readonly Variant[];
  readonly platforms: readonly Platform[];
  readonly series: readonly Series[];
  readonly rounds: number;
  /** Of each measurement of the main series. */
  readonly seconds: number;
  readonly connections: number;
  readonly json: string | undefined;
  /** Of a new server, before anything is measured. */
  readonly warmUpSeconds: number;
  /** Whether V8 may allocate new objects in the old generation, as Node lets it. */
  readonly pretenuring: boolean;
  /** Folder for a CPU profile of each server. */
  readonly profile: string | undefined;
  /** How many requests; `undefined`: no soak. */
  readonly soakRequests: number | undefined;
}

/** The first ones guard a route with a JWT, or not at all; what follows is what people pick instead. */
const GUARDS = 6;

export const USAGE = `npm run bench -- [options]
  --quick              the guards, sessions and refreshes, one short round: checks answers more than speed
  --only LIST          variants, by name or number: ${ALL_VARIANTS.map(({ name }, n) => `${n + 1} ${name}`).join(', ')}
  --beside LIST        commits: measures the library as it was then in the same rounds, and prints the ratios
  --platform LIST      ${PLATFORMS.join(', ')}
  --series LIST        ${SERIES.join(', ')}. Default: all; with --only or --platform: main
  --rounds N           default 15
  --seconds N          of each measurement of the main series. Default 1.2
  --connections N      of the main series. Default 64
  --json FILE          writes the results, too
  --pretenuring        leaves V8's allocation site pretenuring on, as Node does: processes of one build differ more
  --profile FOLDER     writes a CPU profile of each server
  --soak               only the soak: 10 million requests to the library; with --series, after them
  --soak-requests N    a soak of another length
  --messages           only what the guard costs a message of a gateway, over a store in memory`;

const ARGUMENTS = {
  quick: { type: 'boolean', default: false },
  only: { type: 'string' },
  beside: { type: 'string' },
  platform: { type: 'string' },
  series: { type: 'string' },
  rounds: { type: 'string' },
  seconds: { type: 'string' },
  connections: { type: 'string' },
  json: { type: 'string' },
  pretenuring: { type: 'boolean', default: false },
  profile: { type: 'string' },
  soak: { type: 'boolean', default: false },
  'soak-requests': { type: 'string' },
} as const;

/** @throws TypeError with what is wrong */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({ args: [...args], options: ARGUMENTS });
  const soak = values.soak || values['soak-requests'] !== undefined;
  return {
    variants: list(values.only, values.quick ? VARIANTS.slice(0, GUARDS) : VARIANTS, variantNamed),
    earlier: list(values.beside, [], earlierLibrary),
    platforms: list(values.platform, PLATFORMS, oneOf(PLATFORMS)),
    series: list(values.series, soak ? [] : defaultSeries(values), oneOf(SERIES)),
    rounds: positive(values.rounds, values.quick ? 1 : 15),
    seconds: positive(values.seconds, values.quick ? 0.8 : 1.2),
    connections: positive(values.connections, 64),
    warmUpSeconds: values.quick ? 0.5 : 8,
    json: values.json,
    pretenuring: values.pretenuring,
    profile: values.profile,
    soakRequests: soak ? positive(values['soak-requests'], 10_000_000) : undefined,
  };
}

function defaultSeries(given: {
  quick: boolean;
  only?: string | undefined;
  platform?: string | undefined;
}): readonly Series[] {
  if (given.only !== undefined || given.platform !== undefined) return ['main'];
  return given.quick ? QUICK : SERIES;
}

function list<Item>(
  text: string | undefined,
  all: readonly Item[],
  find: (word: string) => Item,
): readonly Item[] {
  return text === undefined ? all : text.split(',').map((word) => find(word.trim()));
}

function variantNamed(word: string): Variant {
  const variant = ALL_VARIANTS.find(
    ({ name }, index) => name === word || String(index + 1) === word,
  );
  if (!variant) throw new TypeError(`--only: there is no variant ${word}`);
  return variant;
}

function oneOf<Word extends string>(words: readonly Word[]): (word: string) => Word {
  return (word) => {
    const found = words.find((candidate) => candidate === word);
    if (found === undefined) throw new TypeError(`${word} is none of ${words.join(', ')}`);
    return found;
  };
}

function positive(text: string | undefined, otherwise: number): number {
  const number = text === undefined ? otherwise : Number(text);
  if (!(number > 0)) throw new TypeError(`${text} is not a number above 0`);
  return number;
}

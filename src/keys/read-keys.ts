import type { OptionRow, OptionTable } from '../options/option-table.js';
import { SetupProblems } from '../options/setup-problems.js';
import {
  type KeyMaterial,
  type KeyOptions,
  readKey,
  readSecret,
  type SigningKey,
} from './signing-key.js';

/** The fields of one key. What they must be is judged by `readKey`, one with the other. */
export const KEY_ROWS: OptionTable & Record<keyof KeyOptions, OptionRow> = {
  secret: judgedWithTheKey(),
  privateKey: judgedWithTheKey(),
  publicKey: judgedWithTheKey(),
  algorithm: judgedWithTheKey(),
  kid: judgedWithTheKey(),
};

function judgedWithTheKey(): OptionRow {
  return { check: () => true, problem: 'cannot be used.' };
}

/** The keys as the application gave them: a list, or one secret. */
export interface GivenKeys {
  readonly secret?: KeyMaterial | undefined;
  readonly keys?: readonly KeyOptions[] | undefined;
}

/**
 * Reads the keys.
 *
 * @param mayBeWeak - whether keys that only verify may be too short
 * @throws TokenInvalidationConfigError with all that is wrong with them, each with what to do
 */
export function readKeys({ secret, keys }: GivenKeys, mayBeWeak = false): SigningKey[] {
  const problems = new SetupProblems();
  if (keys !== undefined && secret !== undefined) {
    problems.add('secret and keys are both given: put the secret into keys, as { secret }.');
    problems.throwIfAny();
  }
  const [first, ...others] =
    keys === undefined
      ? [problems.collect(() => readSecret(secret ?? '', 'secret'))]
      : keys.map((key, index) =>
          problems.collect(() => readKey(key, `keys[${index}]`, mayBeWeak && index > 0)),
        );
  if (first !== undefined && first.signWith === undefined) {
    problems.add(
      'keys[0]: only verifies, and the first key signs: put one with a secret or privateKey first.',
    );
  }
  const good = [first, ...others].filter((key) => key !== undefined);
  problems.add(...repeatedKids(good));
  problems.throwIfAny();
  return good;
}

function repeatedKids(keys: readonly SigningKey[]): string[] {
  const kids = keys.map((key) => key.kid);
  const repeated = new Set(kids.filter((kid, index) => kids.indexOf(kid) !== index));
  return [...repeated].map(
    (kid) =>
      `keys: two have the kid ${JSON.stringify(kid)}: give each a different one, or leave kid out.`,
  );
}

/** What to say at boot about keys that are too short. */
export function weakKeyWarnings(keys: readonly SigningKey[]): string[] {
  return keys.flatMap(({ weakness }, index) =>
    weakness === undefined
      ? []
      : [
          `keys[${index}]: ${weakness.split(':', 1)[0]}. An attacker who guesses it can forge tokens. It is used until legacyUntil and not after it: remove it then.`,
        ],
  );
}

import { parseArgs } from 'node:util';
import type { SchemaOptions } from '../postgres/schema/schema-options.js';

const OUTPUTS = ['sql', 'typeorm', 'prisma', 'drizzle'] as const;

/** What to generate. */
export type Output = (typeof OUTPUTS)[number];

export interface Arguments {
  readonly what: Output;
  readonly down: boolean;
  readonly options: SchemaOptions;
}

const text = { type: 'string' } as const;
const flag = { type: 'boolean', default: false } as const;

const OPTIONS = {
  table: text,
  password: text,
  'no-password': flag,
  id: text,
  'token-version': text,
  'password-changed-at': text,
  'logout-all-at': text,
  'everyone-table': text,
  down: flag,
  help: { ...flag, short: 'h' },
} as const;

/** @throws TypeError that says what to give instead */
export function readArguments(args: readonly string[]): Arguments | 'help' {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: OPTIONS,
  });
  if (values.help || args.length === 0) return 'help';
  const what = outputOf(positionals);
  if (values.down && what !== 'sql') {
    throw new TypeError(`--down: ${what} has none: use generate sql --down.`);
  }
  return {
    what,
    down: values.down,
    options: {
      table: requireTable(values.table),
      password: passwordOf(values.password, values['no-password']),
      ...given('id', values.id),
      ...given('tokenVersion', values['token-version']),
      ...given('passwordChangedAt', values['password-changed-at']),
      ...given('logoutAllAt', values['logout-all-at']),
      ...given('everyoneTable', values['everyone-table']),
    },
  };
}

function outputOf([command, what, ...more]: readonly string[]): Output {
  const found = OUTPUTS.find((output) => output === what);
  if (command === 'generate' && found !== undefined && more.length === 0) return found;
  throw new TypeError(`Say what to generate: generate ${OUTPUTS.join('|')}.`);
}

function requireTable(table: string | undefined): string {
  if (table !== undefined) return table;
  throw new TypeError('--table is missing: name the users table, as in --table users.');
}

function passwordOf(password: string | undefined, hasNone: boolean): string | null {
  if (hasNone && password === undefined) return null;
  if (!hasNone && password !== undefined) return password;
  throw new TypeError(
    'Give either --password with the column that holds the hash, or --no-password when passwords are elsewhere.',
  );
}

function given<Name extends string>(name: Name, value: string | undefined) {
  return (value === undefined ? {} : { [name]: value }) as { [Key in Name]?: string };
}

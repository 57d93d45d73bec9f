import { parseArgs } from 'node:util';
import { ID_TYPES, type IdType, type SnippetTables } from './snippet-tables.js';
import type { SchemaOptions } from '../postgres/schema/schema-options.js';

const OUTPUTS = ['sql', 'typeorm', 'prisma', 'drizzle'] as const;

/** What to generate. */
export type Output = (typeof OUTPUTS)[number];

export interface Arguments {
  readonly what: Output;
  readonly down: boolean;
  readonly options: SchemaOptions;
  /** Which tables the snippets need besides that of everyone, and the type of the id there. */
  readonly tables: SnippetTables;
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
  'id-type': text,
  sessions: flag,
  'revoked-tokens': flag,
  'has-core': flag,
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
  const parts = {
    ...(values.sessions && { sessions: 1 as const }),
    ...(values['revoked-tokens'] && { revoked_tokens: 1 as const }),
  };
  const hasCore = values['has-core'];
  const isPlain = Object.keys(parts).length === 0;
  if (hasCore && isPlain) {
    throw new TypeError('--has-core: leaves nothing to do: add --sessions or --revoked-tokens.');
  }
  return {
    what,
    down: values.down,
    tables: {
      sessions: values.sessions,
      revokedTokens: values['revoked-tokens'],
      idType: idTypeOf(values['id-type']),
    },
    options: {
      table: requireTable(values.table),
      password: passwordOf(values.password, values['no-password']),
      ...given('id', values.id),
      ...given('tokenVersion', values['token-version']),
      ...given('passwordChangedAt', values['password-changed-at']),
      ...given('logoutAllAt', values['logout-all-at']),
      ...given('everyoneTable', values['everyone-table']),
      ...(hasCore && { from: { core: 2 } }),
      ...(!isPlain && { to: hasCore ? parts : { core: 2, ...parts } }),
    },
  };
}

function idTypeOf(given = 'uuid'): IdType {
  const found = ID_TYPES.find((type) => type === given);
  if (found !== undefined) return found;
  throw new TypeError(
    `--id-type is ${given}: give the type of the users' id: ${ID_TYPES.join(', ')}.`,
  );
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

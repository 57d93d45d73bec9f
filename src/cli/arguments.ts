import { parseArgs } from 'node:util';
import { ID_TYPES, type SnippetTables } from './snippet-tables.js';
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
  return {
    what,
    down: values.down,
    tables: tablesOf(values),
    options: {
      table: requireTable(values.table),
      password: passwordOf(values.password, values['no-password']),
      ...given('id', values.id),
      ...given('tokenVersion', values['token-version']),
      ...given('passwordChangedAt', values['password-changed-at']),
      ...given('logoutAllAt', values['logout-all-at']),
      ...given('everyoneTable', values['everyone-table']),
      ...partsOf(values),
    },
  };
}

/** What was given of the parts. */
interface GivenParts {
  readonly sessions: boolean;
  readonly 'revoked-tokens': boolean;
  readonly 'has-core': boolean;
  readonly 'id-type'?: string;
}

function tablesOf(values: GivenParts): SnippetTables {
  const { sessions, 'id-type': type = 'uuid' } = values;
  const idType = ID_TYPES.find((each) => each === type);
  if (idType !== undefined) return { sessions, revokedTokens: values['revoked-tokens'], idType };
  throw new TypeError(`--id-type: ${type} is not one of ${ID_TYPES.join(', ')}.`);
}

/** Without any, the migration does what it always did. */
function partsOf(values: GivenParts): Pick<SchemaOptions, 'from' | 'to'> {
  const { sessions, 'revoked-tokens': revokedTokens, 'has-core': hasCore } = values;
  if (!sessions && !revokedTokens) {
    if (!hasCore) return {};
    throw new TypeError('--has-core: leaves nothing to do: add --sessions or --revoked-tokens.');
  }
  const parts = {
    ...(sessions && { sessions: 1 as const }),
    ...(revokedTokens && { revoked_tokens: 1 as const }),
  };
  return hasCore ? { from: { core: 2 }, to: parts } : { to: { core: 2, ...parts } };
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

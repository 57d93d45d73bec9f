import { type Documented, membersOf, rowsOf } from './source-comments.js';
import { table } from './table.js';

const MODULE = 'src/token-invalidation.options.ts';
const SCHEMA = 'src/postgres/schema/schema-options.ts';

/** docs/options.md, from the comments of the option tables and of the interfaces of options. */
export function optionsPage(): string {
  return `# Options

This page is generated from the source: \`npm run docs\`.

A duration is a number of seconds, or text with a unit: \`'15m'\`, \`'30 days'\`. An option that is unknown or cannot be used
stops the boot, with what to do.

## \`TokenInvalidationModule.forRoot()\`

${optionTable(rowsOf(MODULE, 'OPTION_ROWS'))}

These shape the module. With \`forRootAsync\` they stand next to the factory, and the factory returns the options above.

${optionTable(rowsOf(MODULE, 'EXTRA_ROWS'))}

### \`keys\`

${optionTable(membersOf('src/keys/signing-key.ts', 'KeyOptions'))}

### \`handshake\`

${optionTable(membersOf('src/http/contexts/handshake-tokens.ts', 'HandshakeOptions'))}

### \`rpc\`

${optionTable(membersOf(MODULE, 'RpcOptions'))}

### \`sessions\`

Logins on devices, with refresh tokens. See [sessions](sessions.md).

${optionTable(membersOf('src/sessions/sessions-options.ts', 'SessionsOptions'))}

### \`endpoints\`

${optionTable(membersOf('src/endpoints/endpoints-options.ts', 'EndpointsOptions'))}

### \`endpoints.refreshCookie\`

${optionTable(membersOf('src/endpoints/endpoints-options.ts', 'RefreshCookieOptions'))}

## \`typeOrmStore()\`

From \`nestjs-token-invalidation/typeorm\`.

${optionTable(membersOf('src/typeorm/typeorm-store.ts', 'TypeOrmStoreOptions'))}

### \`properties\`

${optionTable(membersOf('src/typeorm/user-table.ts', 'UserProperties'))}

## \`pgStore()\`

From \`nestjs-token-invalidation/pg\`.

${optionTable(membersOf('src/pg/pg-store.ts', 'PgStoreOptions'))}

## \`prismaStore()\`

From \`nestjs-token-invalidation/prisma\`. Fields by their names in Prisma's schema.

${optionTable(membersOf('src/prisma/prisma-store.ts', 'PrismaStoreOptions'))}

## \`drizzleStore()\`

From \`nestjs-token-invalidation/drizzle\`. Columns by the names of the table's properties in Drizzle's schema.

${optionTable(membersOf('src/drizzle/drizzle-store.ts', 'DrizzleStoreOptions'))}

## \`tokenInvalidationMigration()\`

From \`nestjs-token-invalidation/typeorm\`. \`tokenInvalidationSql()\` from \`nestjs-token-invalidation/pg\` has the same options.

${optionTable(membersOf(SCHEMA, 'SchemaOptions'))}

${methods()}`;
}

/** What the methods of the services take. */
function methods(): string {
  return `## \`TokenIssuer.issue()\`

${optionTable(membersOf('src/tokens/token-issuer.service.ts', 'IssueOptions'))}

## \`TokenSessions.start()\`

${startOptions()}

## \`TokenVerifier.verify()\`, \`StampVerifier.verify()\`

${optionTable(membersOf('src/tokens/judge.ts', 'VerifyOptions'))}
`;
}

function startOptions(): string {
  const members = ['StartOptions', 'SessionCall'].map((name) =>
    membersOf('src/sessions/session-calls.ts', name),
  );
  return optionTable(members.flat());
}

function optionTable(options: readonly Documented[]): string {
  return table(
    ['option', 'what it does', 'default'],
    options.map(({ name, text, required }) => {
      const [whatItDoes, fallback] = splitDefault(text);
      return [`\`${name}\``, whatItDoes, fallback || (required ? 'required' : 'none')];
    }),
  );
}

/** A comment says what the default is, or that the option is required. What follows belongs to the description. */
function splitDefault(text: string): [string, string] {
  const match = /^(.*?)\s*(?:Default: (.*?)|(Required.*?))\.(?: (.*))?$/.exec(text);
  if (match === null) return [text, ''];
  const [, before, fallback, required, after] = match;
  const whatItDoes = [before, after].filter(Boolean).join(' ');
  return [whatItDoes, fallback ?? required!.toLowerCase()];
}

/**
 * Mutants that change nothing that a test could see, each with the reason. They count as explained, and the score leaves
 * them out. `npm run mutate` fails at an entry whose mutant is gone, or is found out after all.
 *
 * A mutant is written as Stryker names it, `mutator: what it replaces → what with`, with runs of white space as one blank.
 */
export const EQUIVALENT = [
  {
    file: 'src/rule/refresh-rule.ts',
    mutants: [
      'EqualityOperator: presented < current → presented <= current',
      'EqualityOperator: presented > current → presented >= current',
    ],
    reason: 'an equal generation was judged before',
  },
  {
    file: 'src/rule/rule.ts',
    mutants: [`StringLiteral: 'optional' → ""`],
    reason: 'only required and undefined are asked for by their names',
  },
  {
    file: 'src/tokens/signature.ts',
    mutants: [
      'BlockStatement: { return false; } → {}',
      'BlockStatement: { return undefined; } → {}',
    ],
    reason: 'a function that returns nothing returns undefined, which is as good as false here',
  },
  {
    file: 'src/tokens/remembered-signatures.ts',
    mutants: [
      'ConditionalExpression: flat === undefined → true',
      'BlockStatement: { this.flat = flatObject(text); } → {}',
      'BlockStatement: { const payload = JSON.parse(text) as object; if (Array.isArray(payload)) return undefined; return Object.values(payload).every((value) => Object(value) !== value) ? payload : undefined; } → {}',
      'ConditionalExpression: Array.isArray(payload) → true',
      'ArrowFunction: (value) => Object(value) !== value → () => undefined',
      'ConditionalExpression: Object(value) !== value → false',
    ],
    reason: 'what is not copied is parsed again, to the same end',
  },
  {
    file: 'src/tokens/remembered-signatures.ts',
    mutants: [`StringLiteral: 'latin1' → ""`],
    reason: 'a verified token is ASCII, and UTF-8 reads it as well',
  },
  {
    file: 'src/tokens/judge.ts',
    mutants: ['ConditionalExpression: answer === true → false'],
    reason: 'to await what is no promise gives the same answer, later',
  },
  {
    file: 'src/tokens/judge.ts',
    mutants: ['ObjectLiteral: { state: record.state, active, everyone: record.everyone } → {}'],
    reason: 'the rule looks at nothing else of a record that is not active',
  },
  {
    file: 'src/tokens/stamp-verifier.service.ts',
    mutants: [`StringLiteral: 'accept' → ""`],
    reason: 'the rule asks only whether there are sessions, and for refuse',
  },
  {
    file: 'src/http/require-recent-login.decorator.ts',
    mutants: ['ConditionalExpression: methodName !== undefined → true'],
    reason: 'what is noted of a class is never looked for',
  },
  {
    file: 'src/http/contexts/handshake.ts',
    mutants: [`StringLiteral: '' → "Stryker was here!"`],
    reason: 'no source is named by that text',
  },
  {
    file: 'src/events/address.ts',
    mutants: [`StringLiteral: '0' → ""`],
    reason: 'the groups of an IPv4 address are beyond the /48 that is shown',
  },
  {
    file: 'src/passport/revocable-jwt.strategy.ts',
    mutants: ['BlockStatement: { return undefined; } → {}'],
    reason: 'a function that returns nothing returns undefined',
  },
  {
    file: 'src/rule/legacy-claims.ts',
    mutants: ['BlockStatement: { return undefined; } → {}'],
    reason: 'a function that returns nothing returns undefined',
  },
  {
    file: 'src/state/far-ahead.ts',
    mutants: ['ConditionalExpression: cutoff !== null → true'],
    reason: 'as a number null is the year 1970, which is not ahead',
  },
  {
    file: 'src/state/hidden-properties.ts',
    mutants: [
      "MethodExpression: paths.filter((path) => !path.includes('.')) → paths",
      "MethodExpression: paths.filter((path) => path.includes('.')) → paths",
      `StringLiteral: '.' → ""`,
    ],
    reason: 'no property has a dot in its name, and the way of a nested one works for a short path',
  },
  {
    file: 'src/state/token-state.store.ts',
    mutants: ['BlockStatement: { return undefined; } → {}'],
    reason: 'a function that returns nothing returns undefined',
  },
  {
    file: 'src/keys/signing-key.ts',
    mutants: ["ConditionalExpression: type === 'pkcs8' → false", `StringLiteral: 'pkcs8' → ""`],
    reason: 'createPublicKey() takes pkcs8 too, although nothing promises it',
  },
  {
    file: 'src/keys/signing-key.ts',
    mutants: [
      'BlockStatement: { return false; } → {}',
      'BlockStatement: { return undefined; } → {}',
    ],
    reason: 'a function that returns nothing returns undefined, which is as good as false here',
  },
  {
    file: 'src/keys/read-keys.ts',
    mutants: [`StringLiteral: 'cannot be used.' → ""`],
    reason: 'the check of these rows finds no problem, so nobody reads it',
  },
  {
    file: 'src/tokens/clock-warnings.ts',
    mutants: ['EqualityOperator: ahead > behind → ahead >= behind'],
    reason: 'both are equal only where neither clock is ahead, and nothing is said then',
  },
  {
    file: 'src/client/token-client.ts',
    mutants: [`StringLiteral: '' → "Stryker was here!"`],
    reason: 'no challenge is in that text',
  },
  {
    file: 'src/options/nearest-name.ts',
    mutants: ['ArrayDeclaration: [] → ["Stryker was here"]'],
    reason: 'the first letter has none before it to be swapped with',
  },
  {
    file: 'src/typeorm/finding-loader.ts',
    mutants: [`StringLiteral: 'master' → ""`],
    reason: "TypeORM takes everything but 'slave' for the primary",
  },
  {
    file: 'src/typeorm/hydrating-loader.ts',
    mutants: [
      "ArrayDeclaration: [ String, Number, 'uuid', 'text', 'varchar', 'character varying', 'smallint', 'int', 'int2', 'int4', 'integer', ] → []",
      `StringLiteral: 'uuid' → ""`,
      `StringLiteral: 'text' → ""`,
      `StringLiteral: 'varchar' → ""`,
      `StringLiteral: 'character varying' → ""`,
      `StringLiteral: 'smallint' → ""`,
      `StringLiteral: 'int' → ""`,
      `StringLiteral: 'int2' → ""`,
      `StringLiteral: 'int4' → ""`,
      `StringLiteral: 'integer' → ""`,
      'ConditionalExpression: UNCHANGED.has(column.type) && !column.transformer && !column.embeddedMetadata → false',
      'ConditionalExpression: isPlain → false',
      'BlockStatement: { return (user, value) => { user[propertyName] = value; }; } → {}',
    ],
    reason: 'what is not plain takes the general way, to the same end',
  },
  {
    file: 'src/postgres/primary.ts',
    mutants: [
      'EqualityOperator: performance.now() - started > 0.9 * timeoutMs → performance.now() - started >= 0.9 * timeoutMs',
    ],
    reason: 'no test can meet the very moment',
  },
  {
    file: 'src/postgres/pg-error.ts',
    mutants: [
      'OptionalChaining: (error as { code?: unknown } | null | undefined)?.code → (error as { code?: unknown; } | null | undefined).code',
    ],
    reason: 'pg throws objects, and anything else must not become another error',
  },
];

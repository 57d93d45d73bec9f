/** One line that ensures a promise, and what the library would be without it. */
export interface Patch {
  /** The number in SECURITY.md. */
  readonly promise: number;
  readonly file: string;
  /** Text that occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  readonly spec: string;
  /** The test that has to go red: a part of its full name, as a regular expression. */
  readonly test: string;
}

/** For each promise one patch at the least. A new promise, or a second line that ensures one, gets an entry. */
export const PATCHES: readonly Patch[] = [
  {
    promise: 1,
    file: 'src/rule/rule.ts',
    find: '  if (!(version >= state.tokenVersion)) return reasonForStaleness(claims.iat, state);\n',
    replace: '',
    spec: 'test/promises/01-safe.e2e-spec.ts',
    test: 'is known to the nodes that took no part in it',
  },
  {
    promise: 1,
    file: 'src/postgres/own-pool.ts',
    find: '      pool.connect((error, client) => {\n',
    replace: '      this.applicationPool().connect((error, client) => {\n',
    spec: 'test/servers/effect.e2e-spec.ts',
    test: 'with temporary tables of the same names is logged out by what reports success',
  },
  {
    promise: 2,
    file: 'src/tokens/token-issuer.service.ts',
    find: 'Math.max(now, ...followed.map(Number))',
    replace: 'Math.max(now)',
    spec: 'test/promises/02-live.e2e-spec.ts',
    test: 'a node -?\\d+ s from the database lets in what it must',
  },
  {
    promise: 3,
    file: 'src/postgres/state-statements.ts',
    find: "date_trunc('milliseconds', clock_timestamp())",
    replace: "date_trunc('milliseconds', now())",
    spec: 'test/promises/03-atomic.e2e-spec.ts',
    test: 'the cutoff is the moment of the statement',
  },
  {
    promise: 3,
    file: 'src/postgres/state-statements.ts',
    find: 'everyone_version = e.everyone_version + 1, ',
    replace: 'everyone_version = e.everyone_version + 2, ',
    spec: 'test/promises/03-atomic.e2e-spec.ts',
    test: 'an invalidation returns a cutoff that lies ahead to the clock, and raises the version',
  },
  {
    promise: 3,
    file: 'src/postgres/schema/core-2-everyone.ts',
    find: 'NEW.everyone_version := OLD.everyone_version + 1;',
    replace: 'NULL;',
    spec: 'test/promises/03-atomic.e2e-spec.ts',
    test: 'a cutoff that is written by SQL raises the version',
  },
  {
    promise: 4,
    file: 'src/postgres/schema/core-2-triggers.ts',
    find: "      ${raisedAtMost(version, 'highest')}\n",
    replace: '',
    spec: 'test/promises/04-never-unrevoked.e2e-spec.ts',
    test: 'a lower version',
  },
  {
    promise: 5,
    file: 'src/rule/rule.ts',
    find: '    judgeVersion(claims, record.state) ??\n',
    replace: '',
    spec: 'test/promises/05-no-laundering.e2e-spec.ts',
    test: 'a login held while the password is changed yields a token that its version refuses',
  },
  {
    promise: 6,
    file: 'src/postgres/schema/core-2-triggers.ts',
    find: "${names.password === null ? '' : passwordChange(names)}",
    replace: '',
    spec: 'test/promises/06-any-writer.e2e-spec.ts',
    test: 'promise 6: .* by ',
  },
  {
    promise: 7,
    file: 'src/typeorm/finding-loader.ts',
    find: '    runner.connect = () => Promise.resolve(client);\n',
    replace: '',
    spec: 'test/servers/primary.e2e-spec.ts',
    test: 'a record that TypeORM has to load does not come from',
  },
  {
    promise: 7,
    file: 'src/postgres/writable.ts',
    find: "NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off'",
    replace: 'true',
    spec: 'test/servers/primary.e2e-spec.ts',
    test: 'accepts no token that was invalidated on the new one',
  },
  {
    promise: 8,
    file: 'src/postgres/change-row.ts',
    find: "  if (done !== 'true') throw new TokenStateUnchangedError(done === 'part' ? done : undefined);\n",
    replace: '',
    spec: 'test/servers/effect.e2e-spec.ts',
    test: 'that returns OLD: no success',
  },
  {
    promise: 8,
    file: 'src/postgres/primary.ts',
    find: 'if (!isUsed || !mayWork || isOver(limit)) throw error;',
    replace: 'throw error;',
    spec: 'test/servers/forgotten.e2e-spec.ts',
    test: 'that are reset when a check comes cost no 503',
  },
  {
    promise: 8,
    file: 'src/state/strict-reader.ts',
    find: 'for (const waiter of waiters) waiter.reject(unavailable);',
    replace: 'for (const waiter of waiters) waiter.resolve(undefined);',
    spec: 'test/promises/08-outage.e2e-spec.ts',
    test: 'nobody loses the login',
  },
  {
    promise: 8,
    file: 'src/endpoints/endpoint-logout.ts',
    find: '    if (receipt !== undefined) return receipt;\n',
    replace: '    if (claims !== undefined) return receipt!;\n',
    spec: 'test/applications/logout-transaction.e2e-spec.ts',
    test: 'one that forgets to log out is an error, and no success',
  },
  {
    promise: 9,
    file: 'src/postgres/state-reading.ts',
    find: 'found.filter((row) => asked[positionOf(row)]!.subject === subjectOf(row))',
    replace: 'found',
    spec: 'test/promises/09-isolated.e2e-spec.ts',
    test: 'the row’s id is compared with the subject once more',
  },
  {
    promise: 10,
    file: 'src/keys/key-set.ts',
    find: 'if (!isAccessTokenType(header.typ, legacy)) {',
    replace: 'if (false as boolean) {',
    spec: 'test/promises/10-own-tokens.e2e-spec.ts',
    test: 'not typ ',
  },
  {
    promise: 10,
    file: 'src/rule/rule.ts',
    find: 'if (claims.realm !== policy.realm && !(legacy && claims.realm === undefined)) {',
    replace: 'if (false as boolean) {',
    spec: 'test/promises/10-own-tokens.e2e-spec.ts',
    test: 'not the realm ',
  },
  {
    promise: 11,
    file: 'src/http/challenge.ts',
    find: "  if (reason === 'token_missing') return 'Bearer';\n",
    replace: '',
    spec: 'test/promises/11-explained.e2e-spec.ts',
    test: 'without a token the challenge carries no error',
  },
  {
    promise: 12,
    file: 'src/endpoints/logout-everywhere.controller.ts',
    find: '{ ifVersion: claims.ver ?? 0 }',
    replace: '{}',
    spec: 'test/promises/12-not-a-weapon.e2e-spec.ts',
    test: 'of fifty calls at once with one token, exactly one is let through',
  },
];

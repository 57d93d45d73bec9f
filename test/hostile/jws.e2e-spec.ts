import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { goodClaims } from '../support/forge.js';
import { HOSTILE_ALGORITHMS, keyUnderAttack } from '../support/hostile/keys.js';
import { foreignTokens, isSpellingOf, mutations } from '../support/hostile/mutations.js';
import { type HostileToken, hostileTokens, LENGTHS } from '../support/hostile/tokens.js';
import { tries } from '../support/properties.js';
import { StatementCounter } from '../support/statement-counter.js';
import { useApp } from '../support/use-app.js';
import type { User } from '../support/user.entity.js';
import { createUser } from '../support/users.js';

const LIMIT_MS = 10;

const CASES = [
  ...HOSTILE_ALGORITHMS.map((alg) => ({ alg, window: 'closed' })),
  { alg: 'HS256', window: 'open' },
  { alg: 'RS256', window: 'open' },
] as const;

describe.each(CASES)('a hostile token against a key for $alg, legacy window $window', (given) => {
  const { alg, window } = given;
  const key = keyUnderAttack(alg);
  const legacyUntil = window === 'open' ? new Date(Date.now() + 3_600_000) : undefined;
  const app = useApp({ module: { keys: [key.options], legacyUntil } });
  let statements: StatementCounter;
  let user: User;
  let good: string;
  let claims: object;
  let hostile: HostileToken[];

  beforeAll(async () => {
    statements = new StatementCounter();
    user = await createUser(app().dataSource);
    good = app().issuer.issue(user);
    claims = { ...goodClaims(), sub: user.id, ver: 0 };
    hostile = hostileTokens(key, claims);
  });

  afterAll(() => statements?.stop());

  it('what makes the rest a test: a token of ours is accepted, and a statement is counted for it', async () => {
    const before = statements.count;
    expect(await app().verifier.verify(good)).toMatchObject({ accepted: true });
    expect(statements.count).toBe(before + 1);
  });

  it('is refused as none of ours, and costs no statement, whichever known attack it is', async () => {
    const before = statements.count;
    const answers = new Map<string, string>();
    // No text is no token, which is another reason.
    for (const { name, token } of hostile.filter((attack) => attack.token !== '')) {
      const verdict = await app().verifier.verify(token);
      answers.set(name, verdict.accepted ? 'accepted' : verdict.reason);
    }
    expect([...answers].filter(([, answer]) => answer !== 'token_invalid')).toEqual([]);
    expect(answers.size).toBeGreaterThan(130);
    expect(statements.count).toBe(before);
  });

  it('is refused, and costs no statement, however a good one was changed to make it', async () => {
    const before = statements.count;
    const property = fc.asyncProperty(mutations, async (mutate) => {
      const token = mutate(good);
      // A signature that equals the good one: other last characters for the same bytes.
      fc.pre(!isSpellingOf(good, token));
      const reason = token === '' ? 'token_missing' : 'token_invalid';
      expect(await app().verifier.verify(token)).toMatchObject({ accepted: false, reason });
    });
    await fc.assert(property, tries(1500));
    expect(statements.count).toBe(before);
  });

  it('is refused, and costs no statement, whatever an attacker writes and signs', async () => {
    const before = statements.count;
    const property = fc.asyncProperty(foreignTokens(key, claims), async (token) => {
      expect(await app().verifier.verify(token)).toMatchObject({ reason: 'token_invalid' });
    });
    await fc.assert(property, tries(alg === 'HS256' ? 1000 : 200));
    expect(statements.count).toBe(before);
  });

  it(`takes less than ${LIMIT_MS} ms of a processor at 8 KB, and at 16 KB`, async () => {
    const slow: object[] = [];
    const long = hostile.filter(({ token }) => token.length > LENGTHS[0] / 2);
    expect(long.length).toBeGreaterThan(30);
    for (const { name, token } of long) {
      const milliseconds = await medianCpuMs(() => app().verifier.verify(token));
      if (milliseconds >= LIMIT_MS) slow.push({ name, milliseconds });
    }
    expect(slow).toEqual([]);
  });
});

/**
 * What the process computed meanwhile, not what the clock on the wall showed: a busy machine does not count. The
 * median of nine, so that a garbage collection or a compilation in one of them does not either.
 */
async function medianCpuMs(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < 9; round += 1) {
    const start = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(start);
    times.push((user + system) / 1000);
  }
  return times.toSorted((one, other) => one - other)[4]!;
}

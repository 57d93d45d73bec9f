import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PLATFORMS } from '../support/create-app.js';
import { goodClaims } from '../support/forge.js';
import { keyUnderAttack } from '../support/hostile/keys.js';
import { isSpellingOf, mutations } from '../support/hostile/mutations.js';
import { genuineToken, hostileTokens } from '../support/hostile/tokens.js';
import { tries } from '../support/properties.js';
import { rawGet } from '../support/raw-request.js';
import { StatementCounter } from '../support/statement-counter.js';
import { useApp } from '../support/use-app.js';
import { createUser } from '../support/users.js';

/** Not HTTP, not our token, headers too long: what a hostile request may be answered with. */
const REFUSALS = [400, 401, 431];

// Both sign the same text the same way each time, so that a token of ours differs from one that only resembles it.
const CASES = PLATFORMS.flatMap((platform) =>
  (['HS256', 'RS256'] as const).map((alg) => ({ platform, alg })),
);

describe.each(CASES)('a hostile token over HTTP ($platform, $alg)', ({ platform, alg }) => {
  const key = keyUnderAttack(alg);
  const app = useApp({ platform, module: { keys: [key.options] } });
  let statements: StatementCounter;
  let claims: object;
  let good: string;

  beforeAll(async () => {
    statements = new StatementCounter();
    const user = await createUser(app().dataSource);
    claims = { ...goodClaims(), sub: user.id, ver: 0 };
    good = genuineToken(key, claims);
  });

  afterAll(() => statements?.stop());

  const ask = (token: string | Buffer) =>
    rawGet(app().url, '/auth/me', Buffer.concat([Buffer.from('Bearer '), Buffer.from(token)]));

  /** HTTP drops blanks around a header's value. */
  const isGood = (token: string) => token.replaceAll(/^[ \t]+|[ \t]+$/g, '') === good;

  it('what makes the rest a test: a token of ours is accepted', async () => {
    expect((await ask(good)).status).toBe(200);
  });

  it('is refused, and never 500, whichever known attack it is', async () => {
    const before = statements.count;
    const hostile = hostileTokens(key, claims).filter(({ token }) => !isGood(token));
    expect(hostile.length).toBeGreaterThan(130);
    const answers = await Promise.all(
      hostile.map(async ({ name, token }) => ({ name, status: (await ask(token)).status })),
    );
    expect(answers.filter(({ status }) => !REFUSALS.includes(status))).toEqual([]);
    expect(statements.count).toBe(before);
  });

  it('is refused, and never 500, however a good one was changed to make it', async () => {
    const before = statements.count;
    const property = fc.asyncProperty(mutations, async (mutate) => {
      const token = mutate(good);
      fc.pre(!isGood(token));
      // A line break ends the header: what comes behind it is no part of the token.
      fc.pre(!/[\r\n]/.test(token));
      fc.pre(!isSpellingOf(good, token));
      expect(REFUSALS).toContain((await ask(token)).status);
    });
    await fc.assert(property, tries(100));
    expect(statements.count).toBe(before);
  });

  it('is refused when it is bytes that are no text', async () => {
    const bytes = Buffer.from(good);
    for (const byte of [0x00, 0x01, 0x7f, 0x80, 0xa0, 0xc0, 0xff]) {
      for (const at of [0, 5, good.lastIndexOf('.') + 1]) {
        const changed = Buffer.concat([bytes.subarray(0, at), Buffer.of(byte), bytes.subarray(at)]);
        expect(REFUSALS).toContain((await ask(changed)).status);
      }
    }
  });

  it('gets the reason, and no part of it is sent back', async () => {
    const { text } = await ask(`${good.slice(0, -4)}AAAA`);
    expect(text).toMatch(/^HTTP\/1\.1 401 /);
    expect(text).toMatch(/www-authenticate: Bearer .*error="invalid_token"/i);
    expect(text).toContain('token_invalid');
    expect(text).not.toContain(good.split('.')[1]);
  });

  it('leaves the application as it was', async () => {
    expect((await ask(good)).status).toBe(200);
  });
});

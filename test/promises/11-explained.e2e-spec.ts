import { Logger } from '@nestjs/common';
import {
  TokenEventListener,
  type InvalidationEvent,
  type RefusalEvent,
} from 'nestjs-token-invalidation';
import { describe, expect, it, onTestFinished } from 'vitest';
import { PLATFORMS, SECRET } from '../support/create-app.js';
import { forge } from '../support/forge.js';
import { hashPassword } from '../support/passwords.js';
import { until } from '../support/until.js';
import { useApp } from '../support/use-app.js';
import { createUser, PASSWORD } from '../support/users.js';

class Recorder extends TokenEventListener {
  readonly invalidations: InvalidationEvent[] = [];
  readonly refusals: RefusalEvent[] = [];
  fails = false;

  /** Async although the listener is not meant to be: an application's may be. */
  // oxlint-disable-next-line typescript/no-misused-promises -- that is the point
  override async invalidated(event: InvalidationEvent): Promise<void> {
    this.invalidations.push(event);
    if (this.fails) throw new Error('the listener failed');
  }

  override refused(event: RefusalEvent): void {
    this.refusals.push(event);
    if (this.fails) throw new Error('the listener failed');
  }
}

describe.each(PLATFORMS)('promise 11: on %s, every refusal says why', (platform) => {
  const app = useApp({ platform, module: { listener: Recorder } });
  const recorder = (): Recorder => app().app.get(TokenEventListener, { strict: false });

  it('without a token the challenge carries no error (RFC 6750 section 3.1)', async () => {
    const { status, headers, body } = await app().get('/auth/me');
    expect([status, headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    expect(body).toEqual({
      statusCode: 401,
      error: 'Unauthorized',
      message: 'The request carries no access token',
      errorCode: 'token_missing',
    });
  });

  it('every refusal has a code and a challenge, and the listener receives it once', async () => {
    const user = await createUser(app().dataSource);
    const now = Math.floor(app().clock.now() / 1000);
    const base = { sub: user.id, ver: 0 };
    const refused: [string, string][] = [
      ['token_invalid', 'not.a.token'],
      ['claims_invalid', forge({ sub: user.id })],
      ['issued_in_future', forge({ ...base, iat: now + 301 })],
      ['not_yet_valid', forge({ ...base, nbf: now + 301 })],
      ['token_expired', forge({ ...base, exp: now })],
      ['user_unknown', forge({ ...base, sub: crypto.randomUUID() })],
      ['version_ahead', forge({ ...base, ver: 1 })],
    ];
    for (const [reason, token] of refused) {
      recorder().refusals.length = 0;
      const { status, headers, body } = await app().get('/auth/me', token);
      expect([status, body['errorCode']]).toEqual([401, reason]);
      expect(headers.get('www-authenticate')).toMatch(
        /^Bearer error="invalid_token", error_description="[\x20-\x21\x23-\x5b\x5d-\x7e]+"$/,
      );
      expect(recorder().refusals).toMatchObject([{ reason }]);
    }
  });

  it('a demand for a new login says how recent (RFC 9470 section 3)', async () => {
    const user = await createUser(app().dataSource);
    const now = Math.floor(app().clock.now() / 1000);
    const recent = app().issuer.issue(user, { authTime: now - 600 });
    const old = app().issuer.issue(user, { authTime: now - 601 });
    expect(await app().ask(recent, '/auth/sensitive')).toBe(200);

    const { headers, body } = await app().get('/auth/sensitive', old);
    expect(body['errorCode']).toBe('reauthentication_required');
    expect(headers.get('www-authenticate')).toBe(
      'Bearer error="insufficient_user_authentication", error_description="A more recent login is required", max_age="600"',
    );
    expect(await app().ask(old)).toBe(200);
  });

  it('the listener receives every invalidation made through the service', async () => {
    const user = await createUser(app().dataSource);
    recorder().invalidations.length = 0;
    await app().invalidator.logoutEverywhere(user.id);
    await app().invalidator.invalidate(user.id, { note: 'role changed' });
    await app().dataSource.transaction((transaction) =>
      app().invalidator.invalidateAfterPasswordChange(user.id, { transaction }),
    );
    // The event of a transaction comes after its commit.
    await until('the third event comes', () => recorder().invalidations.length >= 3);
    expect(recorder().invalidations).toMatchObject([
      { subject: user.id, version: 1, reason: 'logged_out_everywhere' },
      { subject: user.id, version: 2, reason: 'invalidated', note: 'role changed' },
      { subject: user.id, version: 3, reason: 'password_changed' },
    ]);
  });

  it('a listener that fails changes no answer', async () => {
    const user = await createUser(app().dataSource);
    recorder().fails = true;
    onTestFinished(() => {
      recorder().fails = false;
    });
    expect(await app().ask('not.a.token')).toBe('401 token_invalid');
    await expect(app().invalidator.logoutEverywhere(user.id)).resolves.toMatchObject({
      version: 1,
    });
  });

  it('no token, secret or hash is in a log line, an error or an event', async () => {
    const lines: string[] = [];
    Logger.overrideLogger({
      log: (...parts) => lines.push(inspectAll(parts)),
      error: (...parts) => lines.push(inspectAll(parts)),
      warn: (...parts) => lines.push(inspectAll(parts)),
      debug: (...parts) => lines.push(inspectAll(parts)),
    });
    onTestFinished(() => Logger.overrideLogger(false));
    const user = await createUser(app().dataSource);
    const token = await app().login(user.email, PASSWORD);
    const hashes = [await hashPassword(PASSWORD), await hashPassword('other')];
    const [currentHash, newHash] = hashes as [string, string];

    const answers = [
      await app().get('/auth/me', `${token}x`),
      await app().get('/auth/me', token.replace('.', '.x')),
      await app().post('/auth/logout-everywhere', token),
      await app().get('/auth/me', token),
      await app().get('/auth/me', 'x'.repeat(9_000)),
    ];
    const conflict = await app()
      .invalidator.changePassword(user.id, { currentHash, newHash })
      .catch((error: unknown) => error);
    const missing = await app()
      .invalidator.rehashPassword('nobody', { currentHash, newHash })
      .catch((error: unknown) => error);

    const aborted = await app()
      .dataSource.transaction(async (transaction) => {
        await transaction.query('SELECT 1 / 0').catch(() => undefined);
        const replacement = { currentHash, newHash };
        await app().invalidator.changePassword(user.id, replacement, { transaction });
      })
      .catch((error: unknown) => error);

    await app().dataSource.query(
      `ALTER TABLE users ADD CHECK (password_hash <> '${newHash}') NOT VALID`,
    );
    const stored = await app().users.findOneOrFail({
      where: { id: user.id },
      select: { passwordHash: true },
    });
    const forbidden = { currentHash: stored.passwordHash, newHash };
    const refused = [
      await app()
        .invalidator.changePassword(user.id, forbidden)
        .catch((error: unknown) => error),
      await app()
        .dataSource.transaction((transaction) =>
          app().invalidator.changePassword(user.id, forbidden, { transaction }),
        )
        .catch((error: unknown) => error),
    ];

    const shown = inspectAll([
      ...lines,
      answers.map(({ body, headers }) => [body, [...headers]]),
      conflict,
      missing,
      aborted,
      refused,
      recorder().refusals,
      recorder().invalidations,
    ]);
    const signature = token.split('.')[2]!;
    for (const secret of [SECRET, PASSWORD, token, signature, currentHash, newHash]) {
      expect(shown).not.toContain(secret);
    }
    expect(shown).toContain('PasswordConflictError');
    expect(shown).toContain('current transaction is aborted');
    expect(shown.match(/violates check constraint/g)?.length).toBeGreaterThanOrEqual(2);
  });
});

function inspectAll(parts: unknown): string {
  return JSON.stringify(parts, (_, value: unknown) =>
    value instanceof Error
      ? Object.assign({}, value, { text: value.stack, cause: value.cause })
      : value,
  );
}

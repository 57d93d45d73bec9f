import { describe, expect, it } from 'vitest';
import { PLATFORMS } from '../support/create-app.js';
import { until } from '../support/until.js';
import { useApp } from '../support/use-app.js';
import { createUser, PASSWORD } from '../support/users.js';

const PATH = '/auth/logout-everywhere';

describe.each(PLATFORMS)(
  'promise 12: on %s, only a token that holds can log out everywhere',
  (platform) => {
    const app = useApp({ platform });

    it('a revoked token is refused and bumps nothing', async () => {
      const user = await createUser(app().dataSource);
      const token = await app().login(user.email, PASSWORD);
      expect(await app().post(PATH, token)).toMatchObject({ status: 204 });
      expect(await app().post(PATH, token)).toMatchObject({ status: 401 });
      expect(await versionOf(user.id)).toBe(1);
    });

    it.each([undefined, 'not.a.token'])('neither can %s', async (token) => {
      expect(await app().post(PATH, token)).toMatchObject({ status: 401 });
    });

    it('an expired token cannot', async () => {
      const user = await createUser(app().dataSource);
      const token = app().issuer.issue(user, { expiresIn: '1m' });
      app().clock.advance(60);
      expect(await app().post(PATH, token)).toMatchObject({ status: 401 });
      expect(await versionOf(user.id)).toBe(0);
    });

    it('of fifty calls at once with one token, exactly one is let through', async () => {
      const user = await createUser(app().dataSource);
      const token = app().issuer.issue(user);
      const answers = await Promise.all(Array.from({ length: 50 }, () => app().post(PATH, token)));
      const statuses = answers.map((answer) => answer.status).toSorted((a, b) => a - b);
      expect(statuses).toEqual([204, ...Array.from({ length: 49 }, () => 401)]);
      expect(await versionOf(user.id)).toBe(1);
      const refused = answers.filter((answer) => answer.status === 401);
      for (const { headers } of refused) {
        expect(headers.get('www-authenticate')).toContain('error="invalid_token"');
      }
    });

    it('a token that was invalidated between the guard and the statement is refused, and bumps nothing', async () => {
      const user = await createUser(app().dataSource);
      const token = app().issuer.issue(user);
      const holder = app().dataSource.createQueryRunner();
      await holder.startTransaction();
      await holder.query('SELECT FROM users WHERE id = $1 FOR UPDATE', [user.id]);
      const both = Promise.all([app().post(PATH, token), app().post(PATH, token)]);
      // Both are past the guard.
      await until('both wait for the row', async () => (await waiting()) === 2);
      await holder.rollbackTransaction();
      await holder.release();

      const statuses = (await both).map((answer) => answer.status);
      expect(statuses.toSorted((a, b) => a - b)).toEqual([204, 401]);
      expect(await versionOf(user.id)).toBe(1);
    });

    it.each(['GET', 'PUT', 'DELETE', 'PATCH'])('%s does not log out', async (method) => {
      const user = await createUser(app().dataSource);
      const token = app().issuer.issue(user);
      expect(await app().send(method, PATH, { token })).toMatchObject({ status: 404 });
      expect(await versionOf(user.id)).toBe(0);
    });

    it('invalidates the tokens of the caller and of nobody else', async () => {
      const [user, other] = [
        await createUser(app().dataSource),
        await createUser(app().dataSource),
      ];
      const body = { sub: other.id, userId: other.id, keepThisDevice: true };
      const answer = await app().post(PATH, app().issuer.issue(user), body);
      expect(answer).toMatchObject({
        status: 200,
        body: { access_token: expect.any(String) as string, token_type: 'Bearer', expires_in: 900 },
      });
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect([await versionOf(user.id), await versionOf(other.id)]).toEqual([1, 0]);
    });

    it('a body that makes no sense is 400 and bumps nothing', async () => {
      const user = await createUser(app().dataSource);
      const token = app().issuer.issue(user);
      expect(await app().post(PATH, token, { keepThisDevice: 'yes' })).toMatchObject({
        status: 400,
      });
      expect(await versionOf(user.id)).toBe(0);
    });

    async function waiting(): Promise<number> {
      const sql = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
      return (await app().dataSource.query<object[]>(sql)).length;
    }

    async function versionOf(id: string): Promise<number> {
      return (await app().users.findOneByOrFail({ id })).tokenVersion;
    }
  },
);

describe('promise 12: without a global guard', () => {
  const app = useApp({ module: { globalGuard: false } });

  it('the endpoint is guarded all the same', async () => {
    expect(await app().post(PATH)).toMatchObject({ status: 401 });
    const user = await createUser(app().dataSource);
    expect(await app().post(PATH, app().issuer.issue(user))).toMatchObject({ status: 204 });
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TokenSessions } from 'nestjs-token-invalidation';
import { LoginGate } from '../support/auth.controller.js';
import type { TestApp } from '../support/create-app.js';
import { OffsetClock } from '../support/offset-clock.js';
import { hashPassword } from '../support/passwords.js';
import { until } from '../support/until.js';
import { createSessionApp } from '../support/sessions/session-app.js';
import {
  claimsOf,
  deviceOf,
  outcomeOf,
  SessionClient,
} from '../support/sessions/session-client.js';
import { SessionDatabase } from '../support/sessions/session-database.js';
import type { Answer } from '../support/test-client.js';
import { useApp } from '../support/use-app.js';
import { createUser, PASSWORD } from '../support/users.js';

describe('promise 5: a token carries the version of the record that the password was checked against', () => {
  const app = useApp();

  it.each([
    ['changed by the service', 'password_changed'],
    ['changed by SQL', 'password_changed'],
    ['left alone and the user logged out', 'logged_out_everywhere'],
  ])(
    'a login held while the password is %s yields a token that is refused',
    async (how, reason) => {
      const user = await createUser(app().dataSource);
      const login = await heldLogin(app(), user.email);

      if (how === 'changed by the service') {
        const { passwordHash } = await app().users.findOneOrFail({
          where: { id: user.id },
          select: { passwordHash: true },
        });
        const newHash = await hashPassword('another one');
        await app().invalidator.changePassword(user.id, { currentHash: passwordHash, newHash });
      } else if (how === 'changed by SQL') {
        const sql = `UPDATE users SET password_hash = 'other' WHERE id = $1`;
        await app().dataSource.query(sql, [user.id]);
      } else {
        await app().invalidator.logoutEverywhere(user.id);
      }

      expect(await app().ask(await login.finish())).toBe(`401 ${reason}`);
    },
  );

  it('the token that keeps a device in is refused when another invalidation came in between', async () => {
    const user = await createUser(app().dataSource);
    const claims = await accepted(await app().login(user.email, PASSWORD));
    const receipt = await app().invalidator.logoutEverywhere(user.id, { ifVersion: claims.ver });
    await app().invalidator.invalidateAfterPasswordChange(user.id);

    // Which of the two is named depends on whether they fell into one millisecond.
    expect(await app().ask(app().issuer.reissue(receipt, claims))).toMatch(
      /^401 (password_changed|logged_out_everywhere)$/,
    );
  });

  it('a token exchanged for a new one keeps the time of its login and its own claims', async () => {
    const user = await createUser(app().dataSource);
    const old = app().issuer.issue(user, { claims: { tenant: 'a' }, authTime: 1_000_000_000 });
    const { body } = await app().post('/auth/logout-everywhere', old, { keepThisDevice: true });

    expect(await accepted(body['access_token'] as string)).toMatchObject({
      sub: user.id,
      ver: 1,
      tenant: 'a',
      auth_time: 1_000_000_000,
    });
  });

  it.each([undefined, { keepThisDevice: true }])(
    'the endpoint does nothing for a token that was invalidated after the guard let it in: %j',
    async (body) => {
      const user = await createUser(app().dataSource);
      const token = await app().login(user.email, PASSWORD);
      const holder = app().dataSource.createQueryRunner();
      await holder.startTransaction();
      await holder.query(`UPDATE users SET password_hash = 'other' WHERE id = $1`, [user.id]);
      const [{ pid }] = await holder.query('SELECT pg_backend_pid() AS pid');
      const answer = app().post('/auth/logout-everywhere', token, body);
      const waiting = 'SELECT FROM pg_stat_activity WHERE $1 = ANY(pg_blocking_pids(pid))';
      await until('the endpoint waits for the row', async () => {
        return (await app().dataSource.query<object[]>(waiting, [pid])).length > 0;
      });
      await holder.commitTransaction();
      await holder.release();

      expect(await answer).toMatchObject({ status: 401, body: { errorCode: 'version_stale' } });
      expect(await app().users.findOneBy({ id: user.id })).toMatchObject({ tokenVersion: 1 });
    },
  );

  async function accepted(token: string) {
    const verdict = await app().verifier.verify(token);
    if (!verdict.accepted) throw new Error(`refused: ${verdict.reason}`);
    return verdict.claims;
  }
});

describe('promise 5: on a node whose clock is ahead of the database, where no cutoff can refuse', () => {
  const app = useApp({ clock: new OffsetClock(60) });

  it('a login held while the password is changed yields a token that its version refuses', async () => {
    const user = await createUser(app().dataSource);
    const login = await heldLogin(app(), user.email);
    await app().dataSource.query(`UPDATE users SET password_hash = 'other' WHERE id = $1`, [
      user.id,
    ]);
    expect(await app().ask(await login.finish())).toBe('401 version_stale');
  });
});

describe('promise 5: the tokens of a session carry its version', () => {
  let database: SessionDatabase;
  let app: TestApp;
  let client: SessionClient;

  beforeAll(async () => {
    database = await SessionDatabase.open();
    app = await createSessionApp({ url: database.url });
    client = new SessionClient(app.url);
  });

  afterAll(async () => {
    await app?.close();
    await database?.close();
  });

  it('a session starts under no version but that of the record that was checked', async () => {
    const checked = await createUser(app.dataSource);
    await app.invalidator.logoutEverywhere(checked.id);
    await expect(app.app.get(TokenSessions).start(checked)).rejects.toMatchObject({
      name: 'VersionConflictError',
    });
  });

  // The first lock holds up the statement, the second its last check of the user, after all that it reads.
  it.each([
    ['is to be written', 'LOCK TABLE users_token_sessions IN EXCLUSIVE MODE', ['409']],
    [
      'is being written',
      'SELECT FROM users FOR UPDATE',
      Array(2).fill('401 logged_out_everywhere'),
    ],
  ])(
    'a login whose session %s when the user logs out is refused, or its tokens are',
    async (_, lock, said) => {
      const { email, id } = await createUser(app.dataSource);
      const logIn = () => client.post('/device/login', undefined, { email, password: PASSWORD });
      let loggingIn: Promise<Answer> | undefined;
      await database.transaction(async (other) => {
        await other.query(lock);
        // The password is checked before it waits.
        loggingIn = logIn();
        await database.untilBlocked(1);
        await other.query('UPDATE users SET logout_all_at = clock_timestamp() WHERE id = $1', [id]);
      });
      const answer = await loggingIn!;
      expect(answer.status === 200 ? await verdictsOf(answer) : [outcomeOf(answer)]).toEqual(said);
      expect(await verdictsOf(await logIn())).toEqual([200, 200]);
    },
  );

  /** What is said of the access token of a login, and of its refresh token. */
  async function verdictsOf(login: Answer): Promise<(200 | string)[]> {
    const { access, refresh } = deviceOf(login);
    return [await client.check(access), (await client.refresh(refresh)).outcome];
  }

  it('a refresh takes the version and the login time of its session, and no fresh ones', async () => {
    const user = await createUser(app.dataSource);
    const device = await client.logIn(user.email);
    const { ver, auth_time } = claimsOf(device.access);
    for (let refresh = 0; refresh < 5; refresh += 1) {
      const { access } = await client.refresh(device.refresh);
      expect(claimsOf(access)).toMatchObject({ ver, auth_time, sid: device.sid });
    }
    // The next refresh would rotate.
    await database.age(device.sid, 61);
    await app.invalidator.logoutEverywhere(user.id);
    expect((await client.refresh(device.refresh)).outcome).toBe('401 logged_out_everywhere');
    expect(await client.check(device.access)).toMatch(/^401 /);
  });
});

/** A login that has checked the password and waits before it issues the token. */
async function heldLogin(app: TestApp, email: string): Promise<{ finish(): Promise<string> }> {
  const gate = app.app.get(LoginGate);
  const opened = deferred();
  const reached = deferred();
  gate.beforeIssue = async () => {
    reached.resolve();
    await opened.promise;
  };
  const token = app.login(email, PASSWORD);
  await Promise.race([reached.promise, token]);
  gate.beforeIssue = async () => {};
  return {
    finish: () => {
      opened.resolve();
      return token;
    },
  };
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve!: () => void;
  const promise = new Promise<void>((fulfil) => {
    resolve = fulfil;
  });
  return { promise, resolve };
}

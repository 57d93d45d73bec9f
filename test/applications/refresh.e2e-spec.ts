import { readFileSync } from 'node:fs';
import { TypeOrmModule } from '@nestjs/typeorm';
import { type RefusalEvent, StampVerifier, TokenEventEmitter } from 'nestjs-token-invalidation';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp, type TestApp } from '../support/create-app.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { User } from '../support/user.entity.js';
import { createUser } from '../support/users.js';
import { Session, SESSIONS, SessionService } from './session.service.js';

let database: TestDatabase;
let app: TestApp;
let sessions: SessionService;
let stamps: StampVerifier<User>;
/** There before anybody was deleted: with the version 0. */
let veteran: User;
const refusals: RefusalEvent[] = [];

beforeAll(async () => {
  database = await createDatabase();
  app = await createApp({
    url: database.url,
    entities: [User, Session],
    imports: [TypeOrmModule.forFeature([Session])],
    providers: [SessionService],
    module: { legacyUntil: new Date(Date.UTC(2100, 0)) },
  });
  await app.dataSource.query(SESSIONS);
  sessions = app.app.get(SessionService);
  stamps = app.app.get(StampVerifier, { strict: false });
  veteran = await createUser(app.dataSource);
  app.app.get(TokenEventEmitter, { strict: false }).subscribe({
    refused: (event: RefusalEvent) => void refusals.push(event),
    invalidated: () => {},
  });
});
afterAll(async () => {
  await app?.close();
  await database?.drop();
});

/** What ends the refresh tokens of an application, and the reason that its listener receives. */
const ENDINGS: readonly [string, string, (user: User) => Promise<unknown>][] = [
  [
    'a logout everywhere',
    'logged_out_everywhere',
    ({ id }) => app.invalidator.logoutEverywhere(id),
  ],
  [
    'a password by SQL',
    'password_changed',
    ({ id }) => app.dataSource.query("UPDATE users SET password_hash = 'x' WHERE id = $1", [id]),
  ],
  [
    'a password by save()',
    'password_changed',
    (user) => app.users.save(Object.assign(user, { passwordHash: 'y' })),
  ],
  ['an invalidation', 'logged_out_everywhere', ({ id }) => app.invalidator.invalidate(id)],
  ['the user being disabled', 'user_inactive', ({ id }) => app.users.update(id, { active: false })],
  ['the user being deleted', 'user_unknown', ({ id }) => app.users.delete(id)],
];

describe('a refresh token that the application keeps with a stamp', () => {
  it('is exchanged for an access token and the next refresh token', async () => {
    const { refresh_token } = await sessions.start(await createUser(app.dataSource));
    const fresh = await sessions.refresh(refresh_token);
    expect(await app.ask(fresh.access_token)).toBe(200);
    await expect(sessions.refresh(refresh_token)).rejects.toThrow('Unauthorized');
    await sessions.refresh(fresh.refresh_token);
  });

  it.each(ENDINGS)('ends with %s', async (_, reason, end) => {
    const user = await createUser(app.dataSource);
    const { refresh_token } = await sessions.start(user);
    refusals.length = 0;

    await end(user);

    await expect(sessions.refresh(refresh_token)).rejects.toThrow('Unauthorized');
    expect(refusals.map((event) => event.reason)).toEqual([reason]);
  });

  it('outlives what ends those of another user', async () => {
    const [user, other] = [await createUser(app.dataSource), await createUser(app.dataSource)];
    const { refresh_token } = await sessions.start(user);
    await app.invalidator.logoutEverywhere(other.id);
    const { access_token } = await sessions.refresh(refresh_token);
    expect(await app.ask(access_token)).toBe(200);
  });

  it('lives when it was made after the invalidation, within the same second', async () => {
    const { id } = await createUser(app.dataSource);
    await app.invalidator.logoutEverywhere(id);
    const { refresh_token } = await sessions.start(await app.users.findOneByOrFail({ id }));
    const { access_token } = await sessions.refresh(refresh_token);
    expect(await app.ask(access_token)).toBe(200);
  });

  it('cannot be made of a record from before the invalidation', async () => {
    const user = await createUser(app.dataSource);
    await app.invalidator.logoutEverywhere(user.id);
    const { refresh_token } = await sessions.start(user);
    await expect(sessions.refresh(refresh_token)).rejects.toThrow('Unauthorized');
  });

  it('keeps the time of the login', async () => {
    const user = await createUser(app.dataSource);
    const { refresh_token } = await sessions.start(user);
    app.clock.advance(700);
    const { access_token } = await sessions.refresh(refresh_token);
    app.clock.advance(-700);
    const claims = JSON.parse(Buffer.from(access_token.split('.')[1]!, 'base64url').toString()) as {
      auth_time: number;
      iat: number;
    };
    expect(claims.iat - claims.auth_time).toBe(700);
  });
});

describe('StampVerifier', () => {
  it.each([undefined, null])('has the verdict token_missing for %s', async (stamp) => {
    const verdict = await stamps.verify(stamp);
    expect(verdict).toEqual({ accepted: false, reason: 'token_missing' });
  });

  it.each<object>([{}, { ver: '0' }, { ver: -1 }, { iat: '1' }, { sub: '' }, { sub: null }])(
    'refuses what is no stamp: %j',
    async (wrong) => {
      const stamp = app.issuer.stampOf(await createUser(app.dataSource));
      const given = Object.keys(wrong).length > 0 ? { ...stamp, ...wrong } : wrong;
      expect(await stamps.verify(given)).toMatchObject({ reason: 'claims_invalid' });
    },
  );

  it('takes the payload that a stamp was signed in, with an end', async () => {
    const stamp = app.issuer.stampOf(await createUser(app.dataSource));
    const payload = { ...stamp, sessionId: 7, exp: stamp.iat + 60 };
    const verdict = await stamps.verify(payload);
    expect(verdict).toMatchObject({ accepted: true, claims: { sessionId: 7 } });
    const ended = await stamps.verify({ ...payload, exp: stamp.iat - 1 });
    expect(ended).toMatchObject({ reason: 'token_expired' });
  });

  it('asks for a recent login', async () => {
    const stamp = app.issuer.stampOf(await createUser(app.dataSource));
    const old = { ...stamp, auth_time: stamp.auth_time - 700 };
    expect(await stamps.verify(stamp, { maxAuthAge: '10m' })).toMatchObject({
      accepted: true,
    });
    expect(await stamps.verify(old, { maxAuthAge: '10m' })).toMatchObject({
      reason: 'reauthentication_required',
    });
  });

  it('judges a refresh token from before the library, within the roll-out', async () => {
    const user = veteran;
    const old = { sub: user.id, iat: Math.floor(app.clock.now() / 1000) };
    expect(await stamps.verify(old)).toMatchObject({ accepted: true });
    await app.invalidator.logoutEverywhere(user.id);
    expect(await stamps.verify(old)).toMatchObject({ reason: 'logged_out_everywhere' });
  });
});

it('is the recipe of the documentation, word for word', () => {
  const code = readFileSync(new URL('session.service.ts', import.meta.url), 'utf8');
  const recipe = code.slice(code.indexOf('@Injectable()')).trim();
  const recipes = readFileSync(new URL('../../docs/recipes.md', import.meta.url), 'utf8');
  expect(recipes).toContain(recipe);
});

// The last one, because the clock stands still: nobody could log in afterwards.
it('a refresh token ends when everyone is logged out', async () => {
  const user = await createUser(app.dataSource);
  const { refresh_token } = await sessions.start(user);
  await app.invalidator.invalidateEveryone();
  await expect(sessions.refresh(refresh_token)).rejects.toThrow('Unauthorized');
});

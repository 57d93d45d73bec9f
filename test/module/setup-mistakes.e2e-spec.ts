import { Injectable, Logger, Module, Scope } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { PassportStrategy } from '@nestjs/passport';
import {
  TokenEventListener,
  TokenInvalidationModule,
  TokenVerifier,
} from 'nestjs-token-invalidation';
import { InMemoryTokenStateStore } from 'nestjs-token-invalidation/testing';
import { revocableJwtStrategy } from 'nestjs-token-invalidation/passport';
import passport from 'passport';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { RevocableTokens1760000000001 } from '../../migrations/1760000000001-revocable-tokens.js';
import { createApp, SECRET } from '../support/create-app.js';
import { createDatabase, createEmptyDatabase, type TestDatabase } from '../support/database.js';
import { createUser } from '../support/users.js';

/** What a new user's own strategy looks like, after the Nest docs. */
@Injectable()
class OwnJwtStrategy extends PassportStrategy(Strategy, 'jwt') {
  constructor() {
    super({ jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(), secretOrKey: SECRET });
  }

  validate(payload: object): object {
    return payload;
  }
}

@Module({ providers: [OwnJwtStrategy] })
class AuthModule {}

/** The same, made after the module's strategy, because it waits for something of the module. */
@Injectable()
class LateJwtStrategy extends OwnJwtStrategy {
  constructor(readonly verifier: TokenVerifier) {
    super();
  }
}

@Module({ providers: [LateJwtStrategy] })
class LateAuthModule {}

@Injectable({ scope: Scope.REQUEST })
class RequestScopedListener extends TokenEventListener {}

describe('the likeliest mistakes of set-up say what is wrong and what to do', () => {
  let database: TestDatabase;
  let empty: TestDatabase;

  beforeAll(async () => {
    [database, empty] = [await createDatabase(), await createEmptyDatabase()];
  });

  afterAll(() => Promise.all([database?.drop(), empty?.drop()]));

  it.each([
    ['made first', AuthModule, 'OwnJwtStrategy'],
    ['made last', LateAuthModule, 'LateJwtStrategy'],
  ])('two strategies with one name, the other %s', async (_, authModule, name) => {
    onTestFinished(() => void passport.unuse('jwt'));
    const boot = createApp({
      url: database.url,
      providers: [revocableJwtStrategy('jwt')],
      imports: [authModule],
    });
    await expect(boot).rejects.toThrow(
      new RegExp(
        `Two Passport strategies have the name "jwt".*${name}\\. Remove yours, or give another name`,
      ),
    );
  });

  it('a request-scoped dependency', async () => {
    // Under a global guard Nest 12 itself refuses to start.
    const module = { listener: RequestScopedListener, globalGuard: false };
    await expect(createApp({ url: database.url, module })).rejects.toThrow(
      /is request-scoped: make it a singleton/,
    );
  });

  it('tokens signed with a JwtService of the application’s own, and tokens without ver', async () => {
    const app = await createApp({ url: database.url });
    onTestFinished(() => app.close());
    const warnings: string[] = [];
    Logger.overrideLogger({ log() {}, error() {}, warn: (line: string) => warnings.push(line) });
    onTestFinished(() => Logger.overrideLogger(false));
    const user = await createUser(app.dataSource);
    const own = new JwtService({ secret: SECRET, signOptions: { expiresIn: '15m' } });

    expect(await app.ask(own.sign({ sub: user.id }))).toBe('401 token_invalid');
    expect(await app.ask(own.sign({ sub: user.id }))).toBe('401 token_invalid');

    expect(warnings).toEqual([
      expect.stringMatching(
        /"typ" is "JWT", not "at\+jwt": was it signed by TokenIssuer\? Issue tokens with TokenIssuer\.issue\(user\)/,
      ),
    ]);
  });

  it('a record that was loaded without its token state', async () => {
    const app = await createApp({ url: database.url });
    onTestFinished(() => app.close());
    const { id } = await createUser(app.dataSource);
    const partial = await app.users.findOneOrFail({ where: { id }, select: { id: true } });
    expect(() => app.issuer.issue(partial)).toThrow(
      /The User record has no tokenVersion: load the whole record, or add tokenVersion to its "select"/,
    );
  });

  it('a database that is not there', async () => {
    const url = 'postgres://nobody:nothing@127.0.0.1:1/nowhere';
    await expect(createApp({ url })).rejects.toThrow(/ECONNREFUSED/);
  });

  it('the migration that was not run', async () => {
    await expect(createApp({ url: empty.url })).rejects.toThrow(
      /there is no table "users": run the migration made with tokenInvalidationMigration\(\)/,
    );
  });

  it('the migration that runs before there are users', async () => {
    const typeorm = { migrations: [RevocableTokens1760000000001], migrationsRun: true };
    await expect(createApp({ url: empty.url, typeorm })).rejects.toThrow(
      /there is no table "users": let the migration that creates it run first/,
    );
  });

  it('the secret that is missing', async () => {
    const store = InMemoryTokenStateStore;
    const tokenModule = TokenInvalidationModule.forRoot({ store, secret: undefined });
    await expect(createApp({ url: database.url, tokenModule })).rejects.toThrow(
      / - secret: is empty: generate one with "openssl rand -base64 48", and check that the environment variable is set/,
    );
  });
});

import { Injectable, Module } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import {
  TokenInvalidationModule,
  type TokenInvalidationModuleOptions,
  type TokenInvalidationOptions,
  type TokenInvalidationOptionsFactory,
} from 'nestjs-token-invalidation';
import { typeOrmStore, type TypeOrmStoreOptions } from 'nestjs-token-invalidation/typeorm';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp, SECRET } from '../support/create-app.js';
import { createDatabase, createEmptyDatabase, type TestDatabase } from '../support/database.js';
import { User } from '../support/user.entity.js';
import { createUser, PASSWORD } from '../support/users.js';

const configModule = ConfigModule.forRoot({
  isGlobal: true,
  ignoreEnvFile: true,
  load: [() => ({ JWT_SECRET: SECRET })],
});

@Injectable()
class TokenConfig implements TokenInvalidationOptionsFactory {
  constructor(private readonly config: ConfigService) {}

  createTokenInvalidationOptions(): TokenInvalidationOptions {
    return { secret: this.config.getOrThrow<string>('JWT_SECRET') };
  }
}

@Module({ providers: [TokenConfig], exports: [TokenConfig] })
class TokenConfigModule {}

const shape = {
  store: typeOrmStore({ entity: User }),
  isGlobal: true,
  globalGuard: true,
  endpoints: { path: 'auth', logoutEverywhere: true },
};

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
});

afterAll(() => database?.drop());

describe('forRootAsync', () => {
  it.each([
    [
      'useFactory',
      TokenInvalidationModule.forRootAsync({
        ...shape,
        inject: [ConfigService],
        useFactory: async (config: ConfigService) => ({
          secret: config.getOrThrow<string>('JWT_SECRET'),
        }),
      }),
    ],
    ['useClass', TokenInvalidationModule.forRootAsync({ ...shape, useClass: TokenConfig })],
    [
      'useExisting',
      TokenInvalidationModule.forRootAsync({
        ...shape,
        imports: [TokenConfigModule],
        useExisting: TokenConfig,
      }),
    ],
  ])('takes its options from ConfigService by %s', async (_, tokenModule) => {
    const app = await createApp({ url: database.url, imports: [configModule], tokenModule });
    const user = await createUser(app.dataSource);
    const token = await app.login(user.email, PASSWORD);
    expect(await app.ask(token)).toBe(200);
    expect(await app.post('/auth/logout-everywhere', token)).toMatchObject({ status: 204 });
    expect(await app.ask(token)).toBe('401 logged_out_everywhere');
    await app.close();
  });
});

@Entity('users')
class PlainUser {
  @PrimaryColumn({ type: 'uuid' })
  id!: string;

  @Column({ type: 'text' })
  email!: string;
}

const boot = (
  store: TypeOrmStoreOptions,
  options: Partial<TokenInvalidationModuleOptions> = { secret: SECRET },
) =>
  createApp({
    url: database.url,
    controllers: [],
    entities: store.entity === PlainUser ? [PlainUser] : [User],
    tokenModule: TokenInvalidationModule.forRoot({
      ...shape,
      store: typeOrmStore(store),
      ...options,
    }),
  });

describe('a set-up that cannot work stops the boot with every problem in one message', () => {
  it('an entity without the columns, a short secret, an unknown option and a bad duration, all at once', async () => {
    const options: object = { secret: 'short', expireIn: '1h', readTimeout: 'soon' };
    await expect(boot({ entity: PlainUser }, options)).rejects.toMatchObject({
      name: 'TokenInvalidationConfigError',
      problems: [
        expect.stringMatching(
          /^expireIn is not an option: did you mean expiresIn\? Choose from secret, /,
        ),
        expect.stringMatching(/^readTimeout is "soon": give seconds as a number/),
        expect.stringMatching(/^secret: the secret has 5 bytes and HS256 needs at least 32/),
        expect.stringMatching(
          /PlainUser has no column property "tokenVersion": extend RevocableUser/,
        ),
        expect.stringMatching(/no column property "passwordChangedAt"/),
        expect.stringMatching(/no column property "logoutAllAt"/),
      ],
    });
  });

  it.each<[string, object, RegExp]>([
    ['no entity', {}, /typeOrmStore: entity is missing: give the class of the user entity/],
    [
      'an entity that is not registered',
      { entity: Date },
      /Date is not registered with the data source: add it to "entities"/,
    ],
    [
      'no data source',
      { entity: User, dataSource: 'nothing' },
      /there is no TypeORM data source: import TypeOrmModule\.forRoot/,
    ],
  ])('%s', async (_, store, message) => {
    await expect(boot(store as TypeOrmStoreOptions)).rejects.toThrow(message);
  });
});

describe('the database is looked at before the application starts', () => {
  let empty: TestDatabase;

  beforeAll(async () => {
    empty = await createEmptyDatabase();
  });

  afterAll(() => empty?.drop());

  it('without the table', async () => {
    await expect(createApp({ url: empty.url })).rejects.toThrow(
      /there is no table "users": run the migration made with tokenInvalidationMigration/,
    );
  });

  it('without the columns and the trigger: TypeORM’s synchronize makes the columns only', async () => {
    const typeorm = { synchronize: true };
    await expect(createApp({ url: empty.url, typeorm })).rejects.toThrow(
      /no table "users_token_invalidation".*\n.*no trigger "zz_token_invalidation", so a password changed by SQL would invalidate nothing/,
    );
  });

  it('with the trigger disabled, or on another column than the password', async () => {
    const app = await createApp({ url: database.url });
    await app.dataSource.query('ALTER TABLE users DISABLE TRIGGER zz_token_invalidation');
    await expect(createApp({ url: database.url })).rejects.toThrow(/ENABLE ALWAYS TRIGGER/);
    await app.dataSource.query('ALTER TABLE users ENABLE ALWAYS TRIGGER zz_token_invalidation');
    await app.close();
    const store = { properties: { password: 'email' } };
    await expect(createApp({ url: database.url, store })).rejects.toThrow(
      /watches the column "password_hash" and the password is in "email"/,
    );
  });

  it('unless checkSchema is false', async () => {
    const app = await createApp({ url: empty.url, store: { checkSchema: false } });
    expect(await app.get('/auth/me')).toMatchObject({ status: 401 });
    await app.close();
  });
});

describe('a data source with a name', () => {
  it('is found by its token', async () => {
    const app = await createApp({
      url: database.url,
      imports: [
        TypeOrmModule.forRoot({
          name: 'people',
          type: 'postgres',
          url: database.url,
          entities: [User],
          retryAttempts: 0,
        }),
      ],
      store: { dataSource: getDataSourceToken('people') },
    });
    const user = await createUser(app.dataSource);
    expect(await app.ask(app.issuer.issue(user))).toBe(200);
    await app.close();
  });
});

describe('invalidations', () => {
  it('of nobody are a clear error', async () => {
    const app = await createApp({ url: database.url });
    for (const id of [crypto.randomUUID(), 'abc', 1, 10n ** 30n]) {
      await expect(app.invalidator.logoutEverywhere(id)).rejects.toMatchObject({
        name: 'UserUnknownError',
        message: `There is no user with the id "${id}".`,
        statusCode: 404,
      });
    }
    const replacement = { currentHash: 'a', newHash: 'b' };
    const nobody = crypto.randomUUID();
    await expect(app.invalidator.changePassword(nobody, replacement)).rejects.toThrow('no user');
    await expect(app.invalidator.rehashPassword(nobody, replacement)).rejects.toThrow('no user');
    await app.close();
  });

  it('in a transaction that rolls back have not happened', async () => {
    const app = await createApp({ url: database.url });
    const user = await createUser(app.dataSource);
    const token = app.issuer.issue(user);
    const { passwordHash } = await app.users.findOneOrFail({
      where: { id: user.id },
      select: { passwordHash: true },
    });
    const rolledBack = app.dataSource.transaction(async (transaction) => {
      const joined = { transaction };
      await app.invalidator.logoutEverywhere(user.id, joined);
      await app.invalidator.invalidateAfterPasswordChange(user.id, joined);
      await app.invalidator.invalidate(user.id, joined);
      const replacement = { currentHash: passwordHash, newHash: 'new' };
      const receipt = await app.invalidator.changePassword(user.id, replacement, joined);
      await app.invalidator.invalidateEveryone(joined);
      expect(receipt.version).toBe(4);
      // Other requests see nothing of it yet.
      expect(await app.ask(token)).toBe(200);
      throw new Error('the caller thought better of it');
    });
    await expect(rolledBack).rejects.toThrow('thought better');

    expect(await app.ask(token)).toBe(200);
    expect(await app.users.findOneBy({ id: user.id })).toMatchObject({ tokenVersion: 0 });
    expect(await app.login(user.email, PASSWORD)).toBeTypeOf('string');
    await app.close();
  });

  it('in a transaction of another data source are refused', async () => {
    const app = await createApp({ url: database.url });
    const other = await createApp({ url: database.url });
    const user = await createUser(app.dataSource);
    const transaction = other.dataSource.manager;
    await expect(app.invalidator.logoutEverywhere(user.id, { transaction })).rejects.toThrow(
      /belongs to another data source/,
    );
    await Promise.all([app.close(), other.close()]);
  });
});

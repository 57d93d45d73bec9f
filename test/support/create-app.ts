import type { AddressInfo } from 'node:net';
import { type INestApplication, Logger, type ModuleMetadata, type Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { TypeOrmModule, type TypeOrmModuleOptions } from '@nestjs/typeorm';
import {
  TokenInvalidationModule,
  TokenInvalidator,
  TokenIssuer,
  TokenVerifier,
  type TokenInvalidationModuleOptions,
} from 'nestjs-token-invalidation';
import { FrozenClock } from 'nestjs-token-invalidation/testing';
import { typeOrmStore, type TypeOrmStoreOptions } from 'nestjs-token-invalidation/typeorm';
import { DataSource, type EntityManager, type Repository } from 'typeorm';
import { createNestApplication, type Platform, SECRET } from './app-settings.js';
import { AuthController, LoginGate } from './auth.controller.js';
import { TestClient } from './test-client.js';
import { User } from './user.entity.js';

export { PLATFORMS, SECRET, type Platform } from './app-settings.js';

export interface AppOptions extends Omit<ModuleMetadata, 'exports'> {
  /** The database, of a `TestDatabase` say. */
  url: string;
  platform?: Platform;
  /** Over the defaults of these tests: store, secret, clock, global guard, endpoints under auth. */
  module?: Partial<TokenInvalidationModuleOptions>;
  /** Over the default of these tests: the entity `User`. */
  store?: Partial<TypeOrmStoreOptions>;
  /** In place of `TokenInvalidationModule.forRoot(module)`. */
  tokenModule?: NonNullable<ModuleMetadata['imports']>[number];
  typeorm?: Partial<TypeOrmModuleOptions>;
  entities?: Type<object>[];
  clock?: FrozenClock;
}

/** A running application and what tests reach for in it. */
export class TestApp extends TestClient {
  constructor(
    readonly app: INestApplication,
    readonly clock: FrozenClock,
  ) {
    super(`http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`);
  }

  get dataSource(): DataSource {
    return this.app.get(DataSource);
  }

  get users(): Repository<User> {
    return this.dataSource.getRepository(User);
  }

  get issuer(): TokenIssuer<User> {
    return this.app.get(TokenIssuer, { strict: false });
  }

  get verifier(): TokenVerifier<User> {
    return this.app.get(TokenVerifier, { strict: false });
  }

  get invalidator(): TokenInvalidator<EntityManager> {
    return this.app.get(TokenInvalidator, { strict: false });
  }

  close(): Promise<void> {
    return this.app.close();
  }
}

/** An application that listens on a free port, over a real database, with a clock that stands still. */
export async function createApp(options: AppOptions): Promise<TestApp> {
  const clock = options.clock ?? new FrozenClock();
  Logger.overrideLogger(false);
  const testing = await Test.createTestingModule({
    imports: [
      TypeOrmModule.forRoot({
        type: 'postgres',
        url: options.url,
        entities: options.entities ?? [User],
        retryAttempts: 0,
        ...options.typeorm,
      } as TypeOrmModuleOptions),
      TypeOrmModule.forFeature(options.entities ?? [User]),
      options.tokenModule ?? TokenInvalidationModule.forRoot(moduleOptions(options, clock)),
      ...(options.imports ?? []),
    ],
    controllers: options.controllers ?? [AuthController],
    providers: [LoginGate, ...(options.providers ?? [])],
  }).compile();
  const app = createNestApplication(testing, options.platform);
  await app.listen(0, '127.0.0.1');
  return new TestApp(app, clock);
}

function moduleOptions(options: AppOptions, clock: FrozenClock): TokenInvalidationModuleOptions {
  const { keys } = options.module ?? {};
  return {
    store: typeOrmStore<object>({ entity: User, ...options.store }),
    ...(keys === undefined && { secret: SECRET }),
    clock,
    isGlobal: true,
    globalGuard: true,
    endpoints: { path: 'auth', logoutEverywhere: true },
    isActive: (user: User) => user.active,
    ...options.module,
  };
}

import type { AddressInfo } from 'node:net';
import type { INestApplication, ModuleMetadata } from '@nestjs/common';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import {
  TokenInvalidationModule,
  TokenIssuer,
  TokenStateStore,
  type TokenInvalidationModuleOptions,
} from 'nestjs-token-invalidation';
import {
  FrozenClock,
  InMemoryTokenStateStore,
  type InMemoryUser,
} from 'nestjs-token-invalidation/testing';
import { createNestApplication, type Platform, SECRET } from './app-settings.js';
import { TestClient } from './test-client.js';

export interface MemoryAppOptions extends Omit<ModuleMetadata, 'exports'> {
  platform?: Platform;
  /** Over the defaults of these tests: a store in memory, a secret, a frozen clock, for all modules. */
  module?: Partial<TokenInvalidationModuleOptions>;
  /** In place of `TokenInvalidationModule.forRoot(module)`. */
  tokenModule?: NonNullable<ModuleMetadata['imports']>[number];
  /** Done to the compiled module's builder, as the tests of an application do. */
  override?: (builder: TestingModuleBuilder) => TestingModuleBuilder;
  /** Done to the application before it listens. */
  prepare?: (app: INestApplication) => void;
}

/** A running application over the store for unit tests: it needs no database. */
export class MemoryApp extends TestClient {
  constructor(
    readonly app: INestApplication,
    readonly clock: FrozenClock,
  ) {
    super(`http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`);
  }

  get store(): InMemoryTokenStateStore {
    return this.app.get(TokenStateStore, { strict: false });
  }

  get issuer(): TokenIssuer<InMemoryUser> {
    return this.app.get(TokenIssuer, { strict: false });
  }

  /** A token of a user made for it. */
  tokenOf(id: string): string {
    return this.issuer.issue(this.store.add({ id, passwordHash: 'hash' }));
  }

  close(): Promise<void> {
    return this.app.close();
  }
}

export async function createMemoryApp({
  platform,
  module = {},
  tokenModule,
  override = (builder) => builder,
  prepare = () => {},
  ...metadata
}: MemoryAppOptions = {}): Promise<MemoryApp> {
  const clock = new FrozenClock();
  const tokens =
    tokenModule ??
    TokenInvalidationModule.forRoot({
      store: InMemoryTokenStateStore,
      clock,
      isGlobal: true,
      // The applications of these tests leave handlers open on purpose.
      audit: 'off',
      ...(module.keys === undefined && { secret: SECRET }),
      ...module,
    });
  const builder = Test.createTestingModule({
    ...metadata,
    imports: [tokens, ...(metadata.imports ?? [])],
  });
  const app = createNestApplication(await override(builder).compile(), platform);
  prepare(app);
  await app.listen(0, '127.0.0.1');
  return new MemoryApp(app, clock);
}

import type { AddressInfo } from 'node:net';
import type { INestApplication, Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  TokenInvalidationModule,
  TokenIssuer,
  TokenStateStore,
  type TokenInvalidationExtras,
  type TokenInvalidationOptions,
} from 'nestjs-token-invalidation';
import {
  FrozenClock,
  InMemoryTokenStateStore,
  type InMemoryUser,
} from 'nestjs-token-invalidation/testing';
import { SECRET } from './create-app.js';
import { TestClient } from './test-client.js';

export interface MemoryAppOptions {
  controllers?: Type<object>[];
  /** Done to the application before it listens. */
  prepare?: (app: INestApplication) => void;
  module?: TokenInvalidationOptions & TokenInvalidationExtras;
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
}

export async function createMemoryApp({
  controllers = [],
  prepare = () => {},
  module = {},
}: MemoryAppOptions = {}): Promise<MemoryApp> {
  const clock = new FrozenClock();
  const tokens = TokenInvalidationModule.forRoot({
    secret: SECRET,
    store: InMemoryTokenStateStore,
    clock,
    isGlobal: true,
    ...module,
  });
  const testing = await Test.createTestingModule({
    imports: [tokens],
    controllers,
  }).compile();
  const app = testing.createNestApplication({ logger: false });
  prepare(app);
  await app.listen(0, '127.0.0.1');
  return new MemoryApp(app, clock);
}

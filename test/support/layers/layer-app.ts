import type { AddressInfo } from 'node:net';
import { type INestApplication, Logger, type Provider, type Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  type Clock,
  TokenEventListener,
  TokenInvalidationModule,
  type TokenInvalidationModuleOptions,
  TokenInvalidator,
  TokenIssuer,
} from 'nestjs-token-invalidation';
import { FrozenClock } from 'nestjs-token-invalidation/testing';
import { createNestApplication, SECRET } from '../app-settings.js';
import { MeController } from '../me.controller.js';
import { TestClient } from '../test-client.js';
import type { Layer, LayerUser, LayerUsers } from './layer.js';

export interface LayerAppOptions {
  layer: Layer;
  url: string;
  /** A database that the layer reads from wherever it may. */
  replicaUrl?: string;
  clock?: Clock;
  /** In place of `MeController`. */
  controllers?: Type<unknown>[];
  providersOf?: (users: LayerUsers) => Provider[];
  /** Over the defaults of these tests: store, secret, clock, listener, global guard. */
  module?: Partial<TokenInvalidationModuleOptions>;
}

/** Keeps all events. */
class Recorder extends TokenEventListener {
  readonly events: object[] = [];

  override invalidated(event: object): void {
    this.events.push(event);
  }

  override refused(event: object): void {
    this.events.push(event);
  }
}

/** A running application over one data layer. */
export class LayerApp extends TestClient {
  constructor(
    private readonly app: INestApplication,
    readonly users: LayerUsers,
  ) {
    super(`http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`);
  }

  get issuer(): TokenIssuer<LayerUser> {
    return this.app.get(TokenIssuer);
  }

  /** All that the listener received. */
  get events(): readonly object[] {
    return this.app.get<Recorder>(TokenEventListener, { strict: false }).events;
  }

  get invalidator(): TokenInvalidator {
    return this.app.get(TokenInvalidator);
  }

  createUser(id?: string): Promise<LayerUser> {
    const email = `${crypto.randomUUID()}@example.com`;
    return this.users.create({ email, passwordHash: 'hash', ...(id !== undefined && { id }) });
  }

  /** A token from the record as it is now. */
  async issueFor({ id }: LayerUser): Promise<string> {
    return this.issuer.issue(await this.users.load(id));
  }

  override ask(token: string): Promise<200 | string> {
    return super.ask(token, '/me');
  }

  async close(): Promise<void> {
    await this.app.close();
    await this.users.close();
  }
}

/** An application that listens on a free port, over the users of the reference migrations. */
export async function createLayerApp(options: LayerAppOptions): Promise<LayerApp> {
  Logger.overrideLogger(false);
  const users = await options.layer.open(options.url, options.replicaUrl);
  const testing = await Test.createTestingModule({
    imports: [
      TokenInvalidationModule.forRoot({
        store: users.store,
        secret: SECRET,
        clock: options.clock ?? new FrozenClock(),
        listener: Recorder,
        isGlobal: true,
        globalGuard: true,
        retryAfter: '7s',
        ...options.module,
      }),
    ],
    controllers: options.controllers ?? [MeController],
    providers: options.providersOf?.(users) ?? [],
  }).compile();
  const app = createNestApplication(testing);
  await app.listen(0, '127.0.0.1');
  return new LayerApp(app, users);
}

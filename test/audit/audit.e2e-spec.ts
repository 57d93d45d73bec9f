import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { type INestApplication, type ModuleMetadata } from '@nestjs/common';
import { APP_GUARD, LazyModuleLoader } from '@nestjs/core';
import { GraphQLModule } from '@nestjs/graphql';
import { Transport } from '@nestjs/microservices';
import { TokenInvalidationConfigError } from 'nestjs-token-invalidation';
import { type AccessEntry, listAccess } from 'nestjs-token-invalidation/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { PLATFORMS } from '../support/app-settings.js';
import { createMemoryApp, type MemoryApp, type MemoryAppOptions } from '../support/memory-app.js';
import * as kinds from './every-kind.js';

const graphql = GraphQLModule.forRoot<ApolloDriverConfig>({
  driver: ApolloDriver,
  autoSchemaFile: true,
});

const every: ModuleMetadata = {
  imports: [graphql],
  controllers: [
    kinds.OrdersController,
    kinds.InheritingController,
    kinds.ScopedController,
    kinds.crudController('made'),
    kinds.OrdersMessages,
  ],
  providers: [kinds.OrdersResolver, kinds.OrdersGateway, kinds.ScopedGateway, kinds.PerRequest],
};

let open: MemoryApp | undefined;

async function start(options: MemoryAppOptions): Promise<INestApplication> {
  open = await createMemoryApp({ ...options, module: { audit: 'off', ...options.module } });
  return open.app;
}

afterEach(async () => {
  await open?.close();
  open = undefined;
});

const inShort = (entries: AccessEntry[]) =>
  entries.map(({ context, name, access }) => `${context} ${name}: ${access}`);

const boot = (audit: 'enforce' | 'warn', controllers: NonNullable<ModuleMetadata['controllers']>) =>
  start({ ...every, controllers, module: { audit, globalGuard: false } });

const respond = (_: unknown, response: { send(text: string): void }) => response.send('ok');

describe('listAccess', () => {
  it('lists a handler of each kind, from every sort of class and module', async () => {
    const app = await start({ ...every, module: { globalGuard: true } });
    await app.get(LazyModuleLoader).load(() => kinds.LazyModule);
    expect(inShort(listAccess(app))).toEqual([
      'graphql Mutation.signUp: public',
      'graphql Query.order: login',
      'graphql Subscription.shipped: login',
      'http GET /inherited/all: login',
      'http GET /lazy: login',
      'http GET /made: login',
      'http GET /orders: optional',
      'http GET /orders/:id: login',
      'http GET /orders/export: recent login',
      'http GET /orders/prices: public',
      'http GET /scoped: login',
      'rpc {"cmd":"sum"}: login',
      'rpc {"service":"Orders","rpc":"Find","streaming":"no_stream"}: login',
      'rpc paid: login',
      'rpc tcp: not checkable',
      'ws ping: public',
      'ws scoped: login',
      'ws track: login',
    ]);
  });

  it('says what decides', async () => {
    const app = await start({ ...every, module: { globalGuard: true } });
    const decided = Object.fromEntries(
      listAccess(app).map(({ name, handler, decidedBy }) => [name, `${handler}: ${decidedBy}`]),
    );
    expect(decided).toMatchObject({
      'GET /orders/:id': 'OrdersController.one: RevocableJwtGuard globally',
      'GET /orders/prices': 'OrdersController.prices: @Public()',
      tcp: 'OrdersMessages.tcp: its transport has no headers; set rpc.token, until then every call is refused',
    });
  });

  it('takes messages without headers for checkable where rpc.token finds their token', async () => {
    const app = await start({
      ...every,
      module: { globalGuard: true, rpc: { token: () => null } },
    });
    expect(inShort(listAccess(app))).toContain('rpc tcp: login');
  });

  it('knows the transport of a microservice that is connected', async () => {
    const app = await start({
      ...every,
      module: { globalGuard: true },
      prepare: (made) =>
        made.connectMicroservice({ transport: Transport.TCP, options: { port: 0 } }),
    });
    expect(inShort(listAccess(app))).toContain('rpc {"cmd":"sum"}: not checkable');
  });

  it('takes no throttler for a guard, and every other guard for the decision of the application', async () => {
    const app = await start({ controllers: [kinds.OddController] });
    expect(inShort(listAccess(app))).toEqual([
      'http GET /odd/hidden: unguarded',
      'http GET /odd/key: other guard',
      'http GET /odd/nameless: not checkable',
      'http GET /odd/throttled: unguarded',
    ]);
    expect(listAccess(app)[0]!.decidedBy).toMatch(/hidden by a decorator above it/);
  });

  it('takes a global guard of the application into account where it reaches', async () => {
    const guard = { provide: APP_GUARD, useClass: kinds.ApiKeyGuard };
    const app = await start({
      ...every,
      providers: [...every.providers!, guard],
      prepare: (made) => {
        made.connectMicroservice({ transport: Transport.TCP, options: { port: 0 } });
      },
    });
    const access = inShort(listAccess(app));
    expect(access).toContain('http GET /orders/:id: other guard');
    expect(access).toContain('ws track: other guard');
    expect(access).toContain('rpc paid: unguarded');
  });

  it('knows a microservice that inherits the guards', async () => {
    const guard = { provide: APP_GUARD, useClass: kinds.ApiKeyGuard };
    const app = await start({
      ...every,
      providers: [...every.providers!, guard],
      prepare: (made) => {
        const tcp = { transport: Transport.TCP, options: { port: 0 } };
        made.connectMicroservice(tcp, { inheritAppConfig: true });
      },
    });
    expect(inShort(listAccess(app))).toContain('rpc paid: other guard');
  });

  it.each(PLATFORMS)('names routes that were added past Nest on %s', async (platform) => {
    const app = await start({
      platform,
      controllers: [kinds.OrdersController],
      module: { globalGuard: true },
      prepare: (made) => {
        made.setGlobalPrefix('api');
        made.getHttpAdapter().get('/metrics', respond);
      },
    });
    expect(inShort(listAccess(app)).filter((line) => !line.includes('/orders'))).toEqual([
      'http GET /metrics: not checkable',
    ]);
  });
});

describe('the audit at boot', () => {
  it('in the mode enforce, an unguarded handler stops the boot and is named', async () => {
    const refused = boot('enforce', [kinds.OrdersController]);
    await expect(refused).rejects.toThrow(TokenInvalidationConfigError);
    await expect(refused).rejects.toThrow(
      'http GET /orders/:id (OrdersController.one): no guard; add RevocableJwtGuard, or @Public() if anyone may call it.',
    );
    await expect(refused).rejects.toThrow('graphql Query.order (OrdersResolver.order)');
    await expect(refused).rejects.toThrow('ws track (OrdersGateway.track)');
    await expect(refused).rejects.not.toThrow('signUp');
  });

  it('in the mode enforce, an application with a global guard starts', async () => {
    const app = await start({ ...every, module: { audit: 'enforce', globalGuard: true } });
    expect(listAccess(app).filter(({ access }) => access === 'unguarded')).toEqual([]);
  });
});

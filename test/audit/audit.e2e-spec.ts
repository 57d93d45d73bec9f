import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { type INestApplication, Logger, type ModuleMetadata, VersioningType } from '@nestjs/common';
import { APP_GUARD, ApplicationConfig, LazyModuleLoader, RouterModule } from '@nestjs/core';
import { GraphQLModule } from '@nestjs/graphql';
import { Transport } from '@nestjs/microservices';
import { TokenInvalidationConfigError } from 'nestjs-token-invalidation';
import { type AccessEntry, listAccess } from 'nestjs-token-invalidation/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PLATFORMS } from '../support/app-settings.js';
import { createMemoryApp, type MemoryApp, type MemoryAppOptions } from '../support/memory-app.js';
import * as kinds from './every-kind.js';

const graphqlModule = (options: Pick<ApolloDriverConfig, 'fieldResolverEnhancers'> = {}) =>
  GraphQLModule.forRoot<ApolloDriverConfig>({
    driver: ApolloDriver,
    autoSchemaFile: true,
    ...options,
  });
const graphql = graphqlModule();
const tcp = { transport: Transport.TCP, options: { port: 0 } };

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

beforeEach(() => void vi.restoreAllMocks());
afterEach(async () => {
  await open?.close();
  open = undefined;
});

const inShort = (entries: AccessEntry[]) =>
  entries.map(({ context, name, access }) => `${context} ${name}: ${access}`);

/** A hybrid application with a global guard of its own. */
const hybrid = (inheritAppConfig: boolean, metadata: ModuleMetadata = {}) =>
  start({
    controllers: [kinds.OrdersMessages],
    ...metadata,
    providers: [{ provide: APP_GUARD, useClass: kinds.ApiKeyGuard }],
    module: { audit: 'enforce' },
    prepare: (made) => made.connectMicroservice(tcp, { inheritAppConfig }),
  });

type ExpressRoute = Record<'all' | 'get', (handler: typeof respond) => ExpressRoute>;

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
      tcp: 'OrdersMessages.tcp: no header of its transport is read; set rpc.token, until then every call is refused',
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
      prepare: (made) => made.connectMicroservice(tcp),
    });
    expect(inShort(listAccess(app))).toContain('rpc {"cmd":"sum"}: not checkable');
  });

  it('takes a transport of the application for one whose headers nobody reads', async () => {
    const app = await start({
      ...every,
      module: { globalGuard: true },
      prepare: (made) => made.connectMicroservice({ strategy: new kinds.OwnStrategy() }),
    });
    expect(inShort(listAccess(app))).toContain('rpc paid: not checkable');
  });

  it('knows that Nest runs no guard for references and for fields of objects', async () => {
    const providers = [kinds.OrdersResolver, kinds.CustomersResolver];
    const app = await start({ imports: [graphql], providers, module: { globalGuard: true } });
    expect(inShort(listAccess(app))).toEqual([
      'graphql Customer.__resolveReference: unguarded',
      'graphql Customer.creditCard: unguarded',
      'graphql Mutation.signUp: public',
      'graphql Query.customer: login',
      'graphql Query.order: login',
      'graphql Subscription.shipped: login',
    ]);
    expect(listAccess(app)[0]!.decidedBy).toContain("fieldResolverEnhancers: ['guards']");
  });

  it('and that it does where the application has asked for them', async () => {
    const app = await start({
      imports: [graphqlModule({ fieldResolverEnhancers: ['guards'] })],
      providers: [kinds.OrdersResolver, kinds.CustomersResolver],
      module: { globalGuard: true },
    });
    expect(inShort(listAccess(app)).slice(0, 2)).toEqual([
      'graphql Customer.__resolveReference: login',
      'graphql Customer.creditCard: recent login',
    ]);
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
      prepare: (made) => made.connectMicroservice(tcp),
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
      prepare: (made) => made.connectMicroservice(tcp, { inheritAppConfig: true }),
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

  it.each(PLATFORMS)('names a route of every verb once on %s', async (platform) => {
    const app = await start({
      platform,
      module: { globalGuard: true },
      prepare: (made) => {
        const adapter = made.getHttpAdapter();
        adapter.all('/files', respond);
        adapter.get('/reports', respond);
        adapter.post('/reports', respond);
      },
    });
    expect(inShort(listAccess(app))).toEqual([
      'http ALL /files: not checkable',
      'http GET /reports: not checkable',
      'http POST /reports: not checkable',
    ]);
  });

  it('names a handler for every verb of a route of Express as one, whatever else the route has', async () => {
    const app = await start({
      module: { globalGuard: true },
      prepare: (made) => {
        const express = made.getHttpAdapter().getInstance() as {
          route(path: string): ExpressRoute;
        };
        express.route('/files').all(respond);
        express.route('/reports').all(respond).get(respond);
      },
    });
    expect(inShort(listAccess(app))).toEqual([
      'http ALL /files: not checkable',
      'http ALL /reports: not checkable',
    ]);
  });

  it.each(PLATFORMS)(
    'takes no route for that of a handler which ends alike on %s',
    async (platform) => {
      const app = await start({
        platform,
        imports: [
          kinds.ShopModule,
          RouterModule.register([{ path: 'shop', module: kinds.ShopModule }]),
        ],
        controllers: [kinds.RootController, kinds.VersionedController],
        module: { globalGuard: true },
        prepare: (made) => {
          made.setGlobalPrefix('api');
          made.enableVersioning({ type: VersioningType.URI });
          for (const path of ['/', '/versioned', '/debug/versioned', '/debug/api/v1/versioned'])
            made.getHttpAdapter().get(path, respond);
        },
      });
      expect(inShort(listAccess(app))).toEqual([
        'http GET /: login',
        'http GET /: not checkable',
        'http GET /debug/api/v1/versioned: not checkable',
        'http GET /debug/versioned: not checkable',
        'http GET /things: login',
        'http GET /versioned: not checkable',
        'http GET /versioned: login',
      ]);
    },
  );

  it('takes a route without the prefix for that of a handler where some are excluded', async () => {
    const app = await start({
      controllers: [kinds.RootController],
      module: { globalGuard: true },
      prepare: (made) => {
        made.setGlobalPrefix('api', { exclude: ['/'] });
        made.getHttpAdapter().all('/files', respond);
      },
    });
    expect(inShort(listAccess(app))).toEqual([
      'http ALL /files: not checkable',
      'http GET /: login',
    ]);
  });
});

describe('the audit at boot', () => {
  const guarded: ModuleMetadata = { imports: [graphql], controllers: [kinds.GuardedController] };

  it.each<[name: string, open: ModuleMetadata]>([
    ['http GET /orders/:id (OrdersController.one)', { controllers: [kinds.OrdersController] }],
    [
      'http GET /inherited/all (InheritingController.all)',
      { controllers: [kinds.InheritingController] },
    ],
    ['http GET /scoped (ScopedController.get)', { controllers: [kinds.ScopedController] }],
    ['http GET /made (CrudController.find)', { controllers: [kinds.crudController('made')] }],
    ['http GET /lazy (LazyController.get)', { imports: [kinds.EagerlyLazyModule] }],
    ['graphql Query.order (OrdersResolver.order)', { providers: [kinds.OrdersResolver] }],
    [
      'graphql Subscription.shipped (OrdersResolver.shipped)',
      { providers: [kinds.OrdersResolver] },
    ],
    [
      'graphql Customer.__resolveReference (CustomersResolver.find)',
      { providers: [kinds.OrdersResolver, kinds.CustomersResolver] },
    ],
    ['ws track (OrdersGateway.track)', { providers: [kinds.OrdersGateway] }],
    [
      'ws scoped (ScopedGateway.scopedMessage)',
      { providers: [kinds.ScopedGateway, kinds.PerRequest] },
    ],
    ['rpc {"cmd":"sum"} (OrdersMessages.sum)', { controllers: [kinds.OrdersMessages] }],
    ['rpc paid (OrdersMessages.paid)', { controllers: [kinds.OrdersMessages] }],
    [
      'rpc {"service":"Orders","rpc":"Find","streaming":"no_stream"} (OrdersMessages.find)',
      { controllers: [kinds.OrdersMessages] },
    ],
  ])('in the mode enforce, %s stops the boot without a guard', async (name, added) => {
    const refused = start({
      imports: [...guarded.imports!, ...(added.imports ?? [])],
      controllers: [...guarded.controllers!, ...(added.controllers ?? [])],
      providers: [kinds.GuardedResolver, ...(added.providers ?? [])],
      module: { audit: 'enforce' },
    });
    await expect(refused).rejects.toThrow(TokenInvalidationConfigError);
    await expect(refused).rejects.toThrow(`${name}: `);
    await expect(refused).rejects.not.toThrow('Guarded');
  });

  it('in the mode enforce, the application starts without the unguarded handler', async () => {
    const providers = [kinds.GuardedResolver];
    const app = await start({ ...guarded, providers, module: { audit: 'enforce' } });
    expect(inShort(listAccess(app))).toEqual([
      'graphql Query.guarded: login',
      'http GET /guarded: login',
    ]);
  });

  it('in the mode enforce, a mistake is named with what to do, and an open handler is not', async () => {
    const refused = start({
      controllers: [kinds.OrdersController],
      module: { audit: 'enforce' },
    });
    await expect(refused).rejects.toThrow(
      'http GET /orders/:id (OrdersController.one): no guard; add RevocableJwtGuard, or @Public() if anyone may call it.',
    );
    await expect(refused).rejects.not.toThrow('prices');
  });

  it('in the mode enforce, an application with a global guard starts', async () => {
    const app = await start({ ...every, module: { audit: 'enforce', globalGuard: true } });
    expect(listAccess(app).filter(({ access }) => access === 'unguarded')).toEqual([]);
  });

  it.each([
    ['off', false],
    ['warn', true],
  ] as const)(
    "in the mode %s, it watches Nest's config: %s, and not after the boot",
    async (audit, watches) => {
      const isWatched: boolean[] = [];
      const look = (made: INestApplication) =>
        isWatched.push(Object.hasOwn(made.get(ApplicationConfig), 'getGlobalGuards'));
      look(await start({ module: { audit }, prepare: look }));
      expect(isWatched).toEqual([watches, false]);
    },
  );

  it("leaves Nest's config as it was when it cannot list the handlers", async () => {
    let config = new ApplicationConfig();
    const boot = start({
      module: { audit: 'warn' },
      prepare: (made) => {
        config = made.get(ApplicationConfig);
        vi.spyOn(config, 'getGlobalRequestGuards').mockImplementation(() => {
          throw new Error('not to be listed');
        });
      },
    });
    await expect(boot).rejects.toThrow('not to be listed');
    expect(Object.hasOwn(config, 'getGlobalGuards')).toBe(false);
  });

  it('says nothing in the mode off, and nothing where nothing is open or unknown', async () => {
    const said = [vi.spyOn(Logger.prototype, 'log'), vi.spyOn(Logger.prototype, 'warn')];
    for (const spy of said) spy.mockReturnValue();
    await start({ controllers: [kinds.LazyController] });
    await open?.close();
    await start({ controllers: [kinds.GuardedController], module: { audit: 'warn' } });
    // Nest logs what it maps.
    const lines = said.flatMap(({ mock }) => mock.calls.map(([text]) => String(text)));
    expect(lines.filter((line) => line.includes('these handlers'))).toEqual([]);
  });

  it('names twenty handlers in the log, and how many more there are', async () => {
    const warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
    const paths = Array.from({ length: 22 }, (_, index) => `made${index + 10}`);
    const audited = (count: number) =>
      start({
        controllers: paths.slice(0, count).map(kinds.crudController),
        module: { audit: 'warn' },
      });
    await audited(20);
    await open?.close();
    await audited(22);
    const [twenty, more] = warn.mock.calls.map(([text]) => String(text).split('\n'));
    expect(twenty).toHaveLength(21);
    expect(twenty!.at(-1)).toContain('GET /made29 ');
    expect(more).toEqual([...twenty!, '  - and 2 more']);
  });

  it("knows a microservice that the application's guards do not reach", async () => {
    await expect(hybrid(false)).rejects.toThrow(
      'rpc paid (OrdersMessages.paid): ApiKeyGuard globally, which reaches no microservice that was connected without { inheritAppConfig: true }.',
    );
  });

  it('knows a microservice that they reach', async () => {
    const app = await hybrid(true);
    expect(inShort(listAccess(app))).toContain('rpc paid: other guard');
  });

  it('says what it does not know, and lets it start', async () => {
    const log = vi.spyOn(Logger.prototype, 'log').mockReturnValue();
    const app = await hybrid(false, { controllers: [kinds.ScopedMessages] });
    expect(log).toHaveBeenCalledWith(
      [
        'Who may call these handlers is not known to the audit:',
        '  - rpc scoped (ScopedMessages.get): ApiKeyGuard globally, if connectMicroservice was given { inheritAppConfig: true }.',
      ].join('\n'),
    );
    expect(inShort(listAccess(app))).toEqual(['rpc scoped: unguarded']);
  });

  it('knows the transport of a microservice that is connected', async () => {
    const log = vi.spyOn(Logger.prototype, 'log').mockReturnValue();
    await start({
      controllers: [kinds.OrdersMessages],
      module: { audit: 'enforce', globalGuard: true },
      prepare: (made) => made.connectMicroservice(tcp),
    });
    expect(log).toHaveBeenCalledWith(
      expect.stringContaining(
        'rpc paid (OrdersMessages.paid): no header of its transport is read; set rpc.token',
      ),
    );
  });

  it('names in the log what is unguarded, in the mode warn', async () => {
    const warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
    await start({ controllers: [kinds.LazyController], module: { audit: 'warn' } });
    expect(warn).toHaveBeenCalledWith(
      [
        'Anyone may call these handlers, and no @Public() says that they are meant to be open:',
        '  - http GET /lazy (LazyController.get): no guard; add RevocableJwtGuard, or @Public() if anyone may call it.',
      ].join('\n'),
    );
  });
});

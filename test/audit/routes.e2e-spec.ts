import {
  All,
  Controller,
  Get,
  type INestApplication,
  Module,
  RequestMethod,
  Version,
  VERSION_NEUTRAL,
  VersioningType,
} from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import { GraphQLModule } from '@nestjs/graphql';
import { MercuriusDriver, type MercuriusDriverConfig } from '@nestjs/mercurius';
import { type AccessEntry, listAccess } from 'nestjs-token-invalidation/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { PLATFORMS } from '../support/app-settings.js';
import { createMemoryApp, type MemoryApp, type MemoryAppOptions } from '../support/memory-app.js';
import { OrdersResolver, RootController, ShopModule, VersionedController } from './every-kind.js';

let open: MemoryApp | undefined;

afterEach(async () => {
  await open?.close();
  open = undefined;
});

async function audit(options: MemoryAppOptions): Promise<AccessEntry[]> {
  open = await createMemoryApp({ ...options, module: { globalGuard: true } });
  return listAccess(open.app);
}

type Prepare = NonNullable<MemoryAppOptions['prepare']>;

const namesOf = (entries: AccessEntry[]) => entries.map(({ name, access }) => `${name}: ${access}`);

const respond = (_: unknown, response: { send(text: string): void }) => response.send('ok');

@Controller('files')
class FilesController {
  @All('any')
  any(): void {}
}

describe.each(PLATFORMS)('the routes of an application on %s', (platform) => {
  it('are explained where they were added past Nest', async () => {
    const entries = await audit({
      platform,
      prepare: (app) => app.getHttpAdapter().get('/metrics', respond),
    });
    expect(entries).toEqual([
      {
        context: 'http',
        name: 'GET /metrics',
        handler: `the router of ${platform}`,
        access: 'not checkable',
        decidedBy: 'added past Nest, so no guard runs',
      },
    ]);
  });

  it('are those of a handler for every verb', async () => {
    expect(namesOf(await audit({ platform, controllers: [FilesController] }))).toEqual([
      'ALL /files/any: login',
    ]);
  });

  it('do not name what CORS adds for preflights', async () => {
    const entries = await audit({
      platform,
      controllers: [RootController],
      prepare: (app) => app.enableCors(),
    });
    expect(namesOf(entries)).toEqual(['GET /: login']);
  });

  it.each<[name: string, prefix: string | false, raw: string]>([
    ['another prefix', 'version.', '/versionx1/versioned'],
    ['none', false, '/debug/1/versioned'],
    ['none, whatever is before their path', false, '/anything/versioned'],
    ['the usual one, and another version', 'v', '/v2/versioned'],
    ['the usual one, without a version', 'v', '/versioned'],
  ])('are those of their handlers where versions have %s', async (_, prefix, raw) => {
    const entries = await audit({
      platform,
      controllers: [VersionedController],
      prepare: (app: INestApplication) => {
        app.enableVersioning({ type: VersioningType.URI, prefix });
        app.getHttpAdapter().get(raw, respond);
      },
    });
    expect(namesOf(entries).toSorted()).toEqual(
      ['GET /versioned: login', `GET ${raw}: not checkable`].toSorted(),
    );
  });

  it('have no version where it is not in their path', async () => {
    const entries = await audit({
      platform,
      controllers: [VersionedController],
      prepare: (app) => {
        app.enableVersioning({ type: VersioningType.HEADER, header: 'version' });
        app.getHttpAdapter().get('/v1/versioned', respond);
      },
    });
    expect(namesOf(entries)).toEqual(['GET /v1/versioned: not checkable', 'GET /versioned: login']);
  });
});

@Controller('many')
class ManyVersionsController {
  @Version(['1', VERSION_NEUTRAL])
  @Get('two')
  two(): void {}

  @Get('default')
  byDefault(): void {}

  @Get('any/*')
  any(): void {}
}

@Module({ controllers: [ManyVersionsController] })
class ManyModule {}

describe.each(PLATFORMS)('routes past Nest are told from those of handlers on %s', (platform) => {
  const notOfNest = async (
    paths: string[],
    { imports, prepare }: { imports?: MemoryAppOptions['imports']; prepare: Prepare },
  ) => {
    const entries = await audit({
      platform,
      imports: [ManyModule, ShopModule, ...(imports ?? [])],
      prepare: (app) => {
        prepare(app);
        for (const path of paths) app.getHttpAdapter().get(path, respond);
      },
    });
    return entries.flatMap(({ name, access }) => (access === 'not checkable' ? [name] : []));
  };

  it('by the versions of each handler', async () => {
    const raw = ['/2/many/two', '/many/default', '/1/things'];
    const found = await notOfNest(raw, {
      prepare: (app) =>
        app.enableVersioning({ type: VersioningType.URI, prefix: false, defaultVersion: '2' }),
    });
    expect(found).toEqual(['GET /1/things', 'GET /2/many/two', 'GET /many/default']);
  });

  it('by the prefix, which only the routes that are excluded do without', async () => {
    const found = await notOfNest(['/things', '/api/many/two', '/api/v1/many/two'], {
      prepare: (app) => {
        app.setGlobalPrefix('api', { exclude: [{ path: 'many/two', method: RequestMethod.GET }] });
        app.enableVersioning({ type: VersioningType.URI });
      },
    });
    expect(found).toEqual(['GET /api/many/two', 'GET /api/v1/many/two', 'GET /things']);
  });

  it('by the prefix, where what is excluded is of another verb', async () => {
    const found = await notOfNest(['/things'], {
      prepare: (app) =>
        app.setGlobalPrefix('api', { exclude: [{ path: 'things', method: RequestMethod.POST }] }),
    });
    expect(found).toEqual(['GET /things']);
  });

  it('by the path of the module that has the handler', async () => {
    const found = await notOfNest(['/things', '/many/things'], {
      imports: [
        RouterModule.register([
          { path: 'shop', module: ShopModule },
          { path: 'many', module: ManyModule },
        ]),
      ],
      prepare: () => {},
    });
    expect(found).toEqual(['GET /many/things', 'GET /things']);
  });
});

it.each(['graphql', '/graphql/'])(
  'the route of GraphQL at %s under the prefix is known, and one that ends alike is not',
  async (path) => {
    const graphql: MercuriusDriverConfig = {
      driver: MercuriusDriver,
      autoSchemaFile: true,
      path,
      useGlobalPrefix: true,
    };
    const entries = await audit({
      platform: 'fastify',
      imports: [GraphQLModule.forRoot(graphql)],
      providers: [OrdersResolver],
      prepare: (app) => {
        app.setGlobalPrefix('api');
        app.getHttpAdapter().get('/graphql', respond);
      },
    });
    const routes = entries.filter(({ context }) => context === 'http');
    expect(namesOf(routes)).toEqual(['GET /graphql: not checkable']);
  },
);

describe('a handler', () => {
  it('with several paths, in a controller with several, is listed with each', async () => {
    @Controller(['shops', '/stores/'])
    class ShopsController {
      @Get(['', 'all'])
      all(): void {}
    }
    expect(namesOf(await audit({ controllers: [ShopsController] }))).toEqual([
      'GET /shops: login',
      'GET /shops/all: login',
      'GET /stores: login',
      'GET /stores/all: login',
    ]);
  });

  it('is listed once where two modules have its controller', async () => {
    @Module({ controllers: [RootController] })
    class One {}

    @Module({ controllers: [RootController] })
    class Other {}
    const modules = [
      { path: 'one', module: One },
      { path: 'other', module: Other },
    ];
    const imports = [One, Other, RouterModule.register(modules)];
    expect(namesOf(await audit({ imports }))).toEqual(['GET /: login']);
  });
});

import {
  All,
  Controller,
  Get,
  type INestApplication,
  Module,
  VersioningType,
} from '@nestjs/common';
import { type AccessEntry, listAccess } from 'nestjs-token-invalidation/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { PLATFORMS } from '../support/app-settings.js';
import { createMemoryApp, type MemoryApp, type MemoryAppOptions } from '../support/memory-app.js';
import { RootController, VersionedController } from './every-kind.js';

let open: MemoryApp | undefined;

afterEach(async () => {
  await open?.close();
  open = undefined;
});

async function audit(options: MemoryAppOptions): Promise<AccessEntry[]> {
  open = await createMemoryApp({ ...options, module: { globalGuard: true } });
  return listAccess(open.app);
}

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
    expect(namesOf(await audit({ imports: [One, Other] }))).toEqual(['GET /: login']);
  });
});

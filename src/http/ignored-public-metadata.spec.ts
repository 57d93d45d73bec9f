import {
  Controller,
  Get,
  Logger,
  type LoggerService,
  type Provider,
  Scope,
  SetMetadata,
  type Type,
} from '@nestjs/common';
import { Query, Resolver } from '@nestjs/graphql';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { afterEach, describe, expect, it } from 'vitest';
import { createMemoryApp } from '../../test/support/memory-app.js';
import { OptionalAuth } from './optional-auth.decorator.js';
import { Public } from './public.decorator.js';

const IsPublic = (value: unknown = true) => SetMetadata('isPublic', value);

/** What the application says at boot. */
async function linesOf(
  controllers: Type<object>[],
  publicMetadataKey?: string,
  providers: Provider[] = [],
): Promise<string[]> {
  const lines: string[] = [];
  const logger: LoggerService = {
    log() {},
    error() {},
    warn: (text: string, context: string) => lines.push(`[${context}] ${text}`),
  };
  const app = await createMemoryApp({
    controllers,
    providers,
    module: { publicMetadataKey },
    prepare: (made) => {
      made.useWebSocketAdapter(new WsAdapter(made));
      // The application of the specs has none.
      Logger.overrideLogger(logger);
    },
  });
  await app.close();
  return lines;
}

afterEach(() => Logger.overrideLogger(false));

const line = (place: string, key: string) =>
  `[TokenInvalidation] ${place} has the metadata "${key}", which does not open it here: set publicMetadataKey: "${key}", or use @Public() of nestjs-token-invalidation.`;

@Controller('articles')
class ArticlesController {
  @IsPublic()
  @Get()
  list(): void {}

  @IsPublic()
  @Get('one')
  one(): void {}

  @SetMetadata('IS_PUBLIC_KEY', true)
  @Get('two')
  two(): void {}
}

@IsPublic()
@Controller('news')
class NewsController {
  @Get()
  list(): void {}
}

describe('metadata of another @Public()', () => {
  it('is named at boot, one line for each key with the first place', async () => {
    expect(await linesOf([ArticlesController, NewsController])).toEqual([
      line('ArticlesController.list', 'isPublic'),
      line('ArticlesController.two', 'IS_PUBLIC_KEY'),
    ]);
  });

  it('is found on a controller, too', async () => {
    expect(await linesOf([NewsController])).toEqual([line('NewsController', 'isPublic')]);
  });

  it('is not named when it is configured', async () => {
    expect(await linesOf([NewsController], 'isPublic')).toEqual([]);
    expect(await linesOf([ArticlesController], 'isPublic')).toEqual([
      line('ArticlesController.two', 'IS_PUBLIC_KEY'),
    ]);
  });

  it('is not named where a decorator of ours says what holds', async () => {
    @Public()
    @IsPublic()
    @Controller()
    class BothController {
      @OptionalAuth()
      @IsPublic()
      @Get()
      optional(): void {}

      @Public(false)
      @IsPublic()
      @Get('closed')
      closed(): void {}
    }
    expect(await linesOf([BothController])).toEqual([]);
  });

  it('is not named when it opens nothing, or is about something else', async () => {
    @Controller()
    class OtherController {
      @IsPublic(false)
      @Get()
      closed(): void {}

      @IsPublic('yes')
      @Get('text')
      text(): void {}

      @SetMetadata('roles', true)
      @Get('roles')
      roles(): void {}

      @Public()
      @Get('ours')
      ours(): void {}
    }
    expect(await linesOf([OtherController])).toEqual([]);
  });
});

/** A controller as a factory makes it. */
function make(path: string): Type<object> {
  @Controller(path)
  class Made {
    @IsPublic()
    @Get()
    list(): void {}
  }
  return Made;
}

describe('controllers of every kind', () => {
  it('made by a factory', async () => {
    expect(await linesOf([make('a'), make('b')])).toEqual([line('Made.list', 'isPublic')]);
  });

  it('inherited: the marks of class and methods are those of the base', async () => {
    @Controller('special')
    class SpecialNewsController extends NewsController {}
    @Controller('special-articles')
    class SpecialArticlesController extends ArticlesController {}
    expect(await linesOf([SpecialNewsController])).toEqual([
      line('SpecialNewsController', 'isPublic'),
    ]);
    expect(await linesOf([SpecialArticlesController])).toHaveLength(2);
  });

  it('request-scoped', async () => {
    @Controller({ path: 'scoped', scope: Scope.REQUEST })
    class ScopedController {
      @IsPublic()
      @Get()
      list(): void {}
    }
    expect(await linesOf([ScopedController])).toEqual([line('ScopedController.list', 'isPublic')]);
  });

  it('with getters, methods and metadata under symbols, and metadata that is no text', async () => {
    const isPublic = Symbol('isPublic');
    @Controller('symbols')
    class SymbolsController {
      @SetMetadata(isPublic as unknown as string, true)
      @Get()
      list(): void {}

      @IsPublic()
      [isPublic](): void {}

      get broken(): never {
        throw new Error('a getter of a prototype has no instance');
      }
    }
    expect(await linesOf([SymbolsController])).toEqual([]);
  });
});

@Resolver()
class NewsResolver {
  @IsPublic()
  @Query(() => String)
  news(): void {}
}

@WebSocketGateway()
class NewsGateway {
  @IsPublic()
  @SubscribeMessage('news')
  news(): void {}
}

describe('outside of HTTP', () => {
  const providers = [NewsResolver, NewsGateway];

  it('is named on resolvers and on gateways, too', async () => {
    expect(await linesOf([], undefined, [NewsResolver])).toEqual([
      line('NewsResolver.news', 'isPublic'),
    ]);
    expect(await linesOf([], undefined, [NewsGateway])).toEqual([
      line('NewsGateway.news', 'isPublic'),
    ]);
  });

  it('is found on what a factory makes', async () => {
    const made = { provide: 'NEWS', useFactory: () => new NewsResolver() };
    expect(await linesOf([], undefined, [made])).toEqual([line('NewsResolver.news', 'isPublic')]);
  });

  it('is not named when it is configured', async () => {
    expect(await linesOf([], 'isPublic', providers)).toEqual([]);
  });

  it('is not looked for in services, and providers may be anything', async () => {
    class NewsService {
      @IsPublic()
      news(): void {}
    }
    const values = [null, undefined, 5, 'text', () => {}, Object.create(null)] as unknown[];
    const others = values.map((useValue, index) => ({ provide: `VALUE ${index}`, useValue }));
    expect(await linesOf([], undefined, [NewsService, ...others])).toEqual([]);
  });
});

import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  type INestApplication,
  Injectable,
  Post,
  SetMetadata,
  UseGuards,
  VersioningType,
} from '@nestjs/common';
import { APP_GUARD, Reflector } from '@nestjs/core';
import {
  Field,
  GraphQLModule,
  Mutation,
  ObjectType,
  Query,
  ResolveField,
  Resolver,
  Subscription,
} from '@nestjs/graphql';
import { AuthGuard } from '@nestjs/passport';
import { type OnGatewayConnection, WebSocketGateway } from '@nestjs/websockets';
import { listAccess } from 'nestjs-token-invalidation/testing';
import { afterEach, expect, it } from 'vitest';
import { createMemoryApp, type MemoryApp, type MemoryAppOptions } from '../support/memory-app.js';

let app: MemoryApp | undefined;

afterEach(async () => {
  await app?.close();
  app = undefined;
});

async function audit(options: MemoryAppOptions): Promise<string[]> {
  app = await createMemoryApp(options);
  return listAccess(app.app).map(
    ({ name, access, decidedBy }) => `${name}: ${access}, ${decidedBy.split(';')[0]}`,
  );
}

function versioned(made: INestApplication): void {
  made.setGlobalPrefix('api');
  made.enableVersioning({ type: VersioningType.URI });
}

const Authenticated = () => SetMetadata('auth', {});

it('guards of Passport on routes and on controllers, as in brocoders/nestjs-boilerplate', async () => {
  @Injectable()
  class RolesGuard implements CanActivate {
    canActivate(): boolean {
      return true;
    }
  }

  @UseGuards(AuthGuard('jwt'), RolesGuard)
  @Controller({ path: 'users', version: '1' })
  class UsersController {
    @Get(':id')
    findOne(): void {}
  }

  @Controller({ path: 'files', version: '1' })
  class FilesController {
    @UseGuards(AuthGuard('jwt'))
    @Post('upload')
    upload(): void {}

    @Get(':path')
    download(): void {}
  }

  @Controller({ path: 'auth', version: '1' })
  class AuthController {
    @Post('email/login')
    login(): void {}

    @UseGuards(AuthGuard('jwt'))
    @Get('me')
    me(): void {}

    @UseGuards(AuthGuard('jwt-refresh'))
    @Post('refresh')
    refresh(): void {}
  }
  const controllers = [AuthController, UsersController, FilesController];
  expect(await audit({ controllers, prepare: versioned })).toEqual([
    'GET /auth/me: other guard, MixinAuthGuard on AuthController.me',
    'GET /files/:path: unguarded, no guard',
    'GET /users/:id: other guard, MixinAuthGuard on UsersController',
    'POST /auth/email/login: unguarded, no guard',
    'POST /auth/refresh: other guard, MixinAuthGuard on AuthController.refresh',
    'POST /files/upload: other guard, MixinAuthGuard on FilesController.upload',
  ]);
});

it('a guard on resolvers and on single fields of GraphQL, as in notiz-dev/nestjs-prisma-starter', async () => {
  @Injectable()
  class GqlAuthGuard extends AuthGuard('jwt') {}

  @ObjectType()
  class Article {
    @Field()
    title!: string;
  }

  @Resolver(() => Article)
  class PostsResolver {
    @UseGuards(GqlAuthGuard)
    @Mutation(() => Article)
    createPost(): Article {
      return { title: '' };
    }

    @Query(() => [Article])
    publishedPosts(): Article[] {
      return [];
    }

    @Subscription(() => Article)
    async *postCreated(): AsyncGenerator<Article> {}

    @ResolveField(() => String)
    author(): string {
      return '';
    }
  }

  @UseGuards(GqlAuthGuard)
  @Resolver(() => Article)
  class UsersResolver {
    @Query(() => String)
    me(): string {
      return '';
    }

    @UseGuards(GqlAuthGuard)
    @Mutation(() => String)
    updateUser(): string {
      return '';
    }

    @ResolveField(() => String)
    posts(): string {
      return '';
    }
  }
  const graphql = GraphQLModule.forRoot<ApolloDriverConfig>({
    driver: ApolloDriver,
    autoSchemaFile: true,
  });
  expect(await audit({ imports: [graphql], providers: [PostsResolver, UsersResolver] })).toEqual([
    'Mutation.createPost: other guard, GqlAuthGuard on PostsResolver.createPost',
    'Mutation.updateUser: other guard, GqlAuthGuard on UsersResolver',
    'Query.me: other guard, GqlAuthGuard on UsersResolver',
    'Query.publishedPosts: unguarded, no guard',
    'Subscription.postCreated: unguarded, no guard',
  ]);
});

it('one guard of the application that reads a mark, as in immich-app/immich', async () => {
  @Injectable()
  class AppAuthGuard implements CanActivate {
    constructor(private readonly reflector: Reflector) {}

    canActivate(context: ExecutionContext): boolean {
      return this.reflector.get('auth', context.getHandler()) === undefined;
    }
  }

  @Controller('assets')
  class AssetsController {
    @Authenticated()
    @Get()
    list(): void {}

    @Get('ping')
    ping(): void {}
  }
  // It only sends, and no client can ask for anything.
  @WebSocketGateway({ path: '/api/socket.io' })
  class WebsocketRepository implements OnGatewayConnection {
    handleConnection(): void {}
  }

  const providers = [WebsocketRepository, { provide: APP_GUARD, useClass: AppAuthGuard }];
  expect(await audit({ controllers: [AssetsController], providers })).toEqual([
    'GET /assets: other guard, AppAuthGuard globally',
    'GET /assets/ping: other guard, AppAuthGuard globally',
  ]);
});

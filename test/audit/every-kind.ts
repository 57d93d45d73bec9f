import {
  type CanActivate,
  Controller,
  Get,
  Injectable,
  Module,
  type OnModuleInit,
  Scope,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { LazyModuleLoader } from '@nestjs/core';
import {
  Field,
  Mutation,
  ObjectType,
  Query,
  ResolveField,
  ResolveReference,
  Resolver,
  Subscription,
} from '@nestjs/graphql';
import {
  type CustomTransportStrategy,
  EventPattern,
  GrpcMethod,
  MessagePattern,
  Server,
  Transport,
} from '@nestjs/microservices';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  OptionalAuth,
  Public,
  RequireRecentLogin,
  RevocableJwtGuard,
} from 'nestjs-token-invalidation';

@Controller('orders')
export class OrdersController {
  @Get(':id')
  one(): void {}

  @Public()
  @Get('prices')
  prices(): void {}

  @OptionalAuth()
  @Get()
  list(): void {}

  @RequireRecentLogin('10m')
  @Get('export')
  export(): void {}
}

@UseGuards(RevocableJwtGuard)
@Controller('guarded')
export class GuardedController {
  @Get()
  get(): void {}
}

@UseGuards(RevocableJwtGuard)
@Resolver()
export class GuardedResolver {
  @Query(() => String)
  guarded(): string {
    return '';
  }
}

abstract class Listing {
  @Get('all')
  all(): void {}
}

@Controller('inherited')
export class InheritingController extends Listing {}

@Controller({ path: 'scoped', scope: Scope.REQUEST })
export class ScopedController {
  @Get()
  get(): void {}
}

/** A controller made by a factory. */
export function crudController(path: string): Type<object> {
  @Controller(path)
  class CrudController {
    @Get()
    find(): void {}
  }
  return CrudController;
}

@Controller('lazy')
export class LazyController {
  @Get()
  get(): void {}
}

@Module({ controllers: [LazyController] })
export class LazyModule {}

/** Loads a module while the application starts. */
@Module({})
export class EagerlyLazyModule implements OnModuleInit {
  constructor(private readonly loader: LazyModuleLoader) {}

  async onModuleInit(): Promise<void> {
    await this.loader.load(() => LazyModule);
  }
}

@Resolver()
export class OrdersResolver {
  @Query(() => String)
  order(): string {
    return '';
  }

  @Public()
  @Mutation(() => String, { name: 'signUp' })
  register(): string {
    return '';
  }

  @Subscription(() => String)
  shipped(): AsyncIterator<unknown> {
    return [][Symbol.iterator]() as never;
  }
}

@ObjectType()
class Customer {
  @Field()
  name!: string;
}

/** Asked for by other services of a federated graph, and by whoever asks for `_entities`. */
@Resolver(() => Customer)
export class CustomersResolver {
  @Query(() => Customer)
  customer(): Customer {
    return { name: '' };
  }

  @ResolveReference()
  find(): Customer {
    return { name: '' };
  }

  @RequireRecentLogin('10m')
  @ResolveField(() => String)
  creditCard(): string {
    return '';
  }

  @ResolveField(() => String)
  nickname(): string {
    return '';
  }
}

@WebSocketGateway()
export class OrdersGateway {
  @SubscribeMessage('track')
  track(): void {}

  @Public()
  @SubscribeMessage('ping')
  ping(): void {}
}

@Injectable({ scope: Scope.REQUEST })
class PerRequest {}

@WebSocketGateway()
export class ScopedGateway {
  constructor(readonly scoped: PerRequest) {}

  @SubscribeMessage('scoped')
  scopedMessage(): void {}
}

@Controller()
export class OrdersMessages {
  @MessagePattern({ cmd: 'sum' })
  sum(): void {}

  @MessagePattern('tcp', Transport.TCP)
  tcp(): void {}

  @EventPattern('paid')
  paid(_order: unknown): void {}

  @GrpcMethod('Orders', 'Find')
  find(): void {}
}

/** Handlers of which Nest looks up the guards with each message. */
@Controller({ scope: Scope.REQUEST })
export class ScopedMessages {
  @MessagePattern('scoped')
  get(): void {}
}

/** A transport of the application's. */
export class OwnStrategy extends Server implements CustomTransportStrategy {
  listen(callback: () => void): void {
    callback();
  }

  close(): void {}

  on(): void {}

  unwrap(): never {
    throw new Error('There is nothing to unwrap');
  }
}

@Injectable()
export class ApiKeyGuard implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

@Injectable()
export class ThrottlerGuard implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

class TenantThrottler extends ThrottlerGuard {}

/** As decorators that wrap a method for logging or transactions do. */
function Wrapped(): MethodDecorator {
  return (_target, _name, descriptor) => {
    const { value } = descriptor as PropertyDescriptor;
    const method = value as (...args: unknown[]) => unknown;
    const wrapper = function (this: unknown, ...args: unknown[]) {
      return method.apply(this, args);
    };
    Object.assign(descriptor, { value: wrapper });
  };
}

@Controller('odd')
export class OddController {
  @UseGuards(ApiKeyGuard)
  @Get('key')
  key(): void {}

  @UseGuards(TenantThrottler)
  @Get('throttled')
  throttled(): void {}

  @UseGuards(
    class {
      canActivate(): boolean {
        return true;
      }
    },
  )
  @Get('nameless')
  nameless(): void {}

  @Get('hidden')
  @Wrapped()
  @RequireRecentLogin('10m')
  hidden(): void {}
}

export { PerRequest };

@Controller()
export class RootController {
  @Get()
  hello(): string {
    return 'ok';
  }
}

@Controller({ path: 'versioned', version: '1' })
export class VersionedController {
  @Get()
  get(): string {
    return 'ok';
  }
}

@Controller('things')
class ThingsController {
  @Get()
  all(): string {
    return 'ok';
  }
}

@Module({ controllers: [ThingsController] })
export class ShopModule {}

import { type DynamicModule, Module, type OnModuleInit } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { RevocableJwtStrategy } from './http/revocable-jwt.strategy.js';
import { misplacedOptions } from './resolve-options.js';
import { TokenInvalidationConfigError } from './token-invalidation.config-error.js';
import {
  type ASYNC_OPTIONS_TYPE,
  ConfigurableModuleClass,
  type OPTIONS_TYPE,
} from './token-invalidation.module-definition.js';

/**
 * Makes the application's JWTs revocable: provides `TokenIssuer`, `TokenVerifier`, `TokenInvalidator` and
 * `RevocableJwtGuard`.
 *
 * @example
 * ```ts
 * @Module({
 *   imports: [
 *     TypeOrmModule.forRoot({ … }),
 *     TokenInvalidationModule.forRoot({
 *       entity: User,
 *       secret: process.env.JWT_SECRET,
 *       isGlobal: true,
 *       globalGuard: true,
 *       endpoint: { path: 'auth' },
 *     }),
 *   ],
 * })
 * export class AppModule {}
 * ```
 */
@Module({})
export class TokenInvalidationModule extends ConfigurableModuleClass implements OnModuleInit {
  constructor(private readonly moduleRef: ModuleRef) {
    super();
  }

  /** @throws TokenInvalidationConfigError when something that the strategy depends on is request-scoped */
  onModuleInit(): void {
    try {
      this.moduleRef.get(RevocableJwtStrategy, { strict: true });
    } catch {
      // Otherwise Passport would know no strategy, and every request would set the module up anew.
      throw new TokenInvalidationConfigError([
        'the store, the listener, the options factory or something that they inject is request-scoped: make it a singleton (Scope.DEFAULT), and take what belongs to a request from the event or in your own guard.',
      ]);
    }
  }

  /** @throws TokenInvalidationConfigError at boot, with everything that cannot work */
  static override forRoot(options: typeof OPTIONS_TYPE): DynamicModule {
    return super.forRoot(options);
  }

  /**
   * Takes the options from a factory. What shapes the module (`isGlobal`, `globalGuard`, `endpoint`, …) stands beside it.
   *
   * @throws TokenInvalidationConfigError for options beside the factory that belong into it; at boot for the rest
   */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    const problems = misplacedOptions(options);
    if (problems.length > 0) throw new TokenInvalidationConfigError(problems);
    return super.forRootAsync(options);
  }
}

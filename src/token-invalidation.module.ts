import { type DynamicModule, Module, type OnModuleInit } from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import { TokenInvalidationConfigError } from './options/config.error.js';
import { TokenVerifier } from './tokens/token-verifier.service.js';
import {
  ConfigurableModuleClass,
  type TokenInvalidationModuleAsyncOptions,
  type TokenInvalidationModuleOptions,
} from './token-invalidation.module-definition.js';
import type { TokenInvalidationExtras } from './token-invalidation.options.js';
import { shapeConflicts } from './token-invalidation.providers.js';
import { misplacedOptions } from './token-invalidation.resolved-options.js';
import { SHAPE } from './token-invalidation.tokens.js';

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
 *       store: typeOrmStore({ entity: User }),
 *       secret: process.env.JWT_SECRET,
 *       isGlobal: true,
 *       globalGuard: true,
 *       endpoints: { path: 'auth', logoutEverywhere: true },
 *     }),
 *   ],
 * })
 * export class AppModule {}
 * ```
 */
@Module({})
export class TokenInvalidationModule extends ConfigurableModuleClass implements OnModuleInit {
  constructor(
    private readonly moduleRef: ModuleRef,
    private readonly modules: ModulesContainer,
  ) {
    super();
  }

  /**
   * @throws TokenInvalidationConfigError when something that the verifier depends on is request-scoped, or another module
   *   of this class is in the way of this one
   */
  onModuleInit(): void {
    const problems = shapeConflicts(this.shapes());
    if (problems.length > 0) throw new TokenInvalidationConfigError(problems);
    try {
      this.moduleRef.get(TokenVerifier, { strict: true });
    } catch {
      // Otherwise every request would set the module up again.
      throw new TokenInvalidationConfigError([
        'the store, the listener, the options factory or something that they inject is request-scoped: make it a singleton (Scope.DEFAULT), and take what belongs to a request from the event or in a guard.',
      ]);
    }
  }

  /** How each module of this class in the application is shaped. */
  private shapes(): TokenInvalidationExtras[] {
    return [...this.modules.values()]
      .filter(({ metatype }) => metatype === TokenInvalidationModule)
      .map((module) => module.getProviderByKey<TokenInvalidationExtras>(SHAPE).instance);
  }

  /** @throws TokenInvalidationConfigError at boot, with everything that cannot work */
  static override forRoot(options: TokenInvalidationModuleOptions): DynamicModule {
    return super.forRoot(options);
  }

  /**
   * Takes the options from a factory. What shapes the module (`store`, `isGlobal`, `globalGuard`, `endpoints`, …)
   * stands next to it.
   *
   * @throws TokenInvalidationConfigError for options next to the factory that belong into it; at boot for the rest
   */
  static override forRootAsync(options: TokenInvalidationModuleAsyncOptions): DynamicModule {
    const problems = misplacedOptions(options);
    if (problems.length > 0) throw new TokenInvalidationConfigError(problems);
    return super.forRootAsync(options);
  }
}

import { ConfigurableModuleBuilder, type DynamicModule } from '@nestjs/common';
import {
  EXTRA_ROWS,
  type TokenInvalidationExtras,
  type TokenInvalidationOptions,
} from './token-invalidation.options.js';
import { shapeModule } from './token-invalidation.providers.js';
import { OPTIONS } from './token-invalidation.tokens.js';

/** Nest takes the names of the extras from the keys of their defaults. */
const EXTRA_DEFAULTS = Object.fromEntries(
  Object.entries(EXTRA_ROWS).map(([name, row]) => [name, row.default]),
) as unknown as TokenInvalidationExtras;

const built = new ConfigurableModuleBuilder<TokenInvalidationOptions>({
  optionsInjectionToken: OPTIONS,
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createTokenInvalidationOptions')
  .setExtras(EXTRA_DEFAULTS, shapeModule)
  .build();

/** Nest makes every extra optional; this module cannot do without a store. */
type Required = Pick<TokenInvalidationExtras, 'store'>;

/** What `forRoot` takes. */
export type TokenInvalidationModuleOptions = typeof built.OPTIONS_TYPE & Required;

/** What `forRootAsync` takes. */
export type TokenInvalidationModuleAsyncOptions = typeof built.ASYNC_OPTIONS_TYPE & Required;

export const ConfigurableModuleClass = built.ConfigurableModuleClass as unknown as {
  new (): object;
  forRoot(options: TokenInvalidationModuleOptions): DynamicModule;
  forRootAsync(options: TokenInvalidationModuleAsyncOptions): DynamicModule;
};

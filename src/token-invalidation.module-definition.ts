import { ConfigurableModuleBuilder } from '@nestjs/common';
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

export const { ConfigurableModuleClass, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<TokenInvalidationOptions>({ optionsInjectionToken: OPTIONS })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createTokenInvalidationOptions')
    .setExtras(EXTRA_DEFAULTS, shapeModule)
    .build();

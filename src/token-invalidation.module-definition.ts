import { ConfigurableModuleBuilder } from '@nestjs/common';
import type {
  TokenInvalidationExtras,
  TokenInvalidationOptions,
} from './token-invalidation.options.js';
import { shapeModule } from './token-invalidation.providers.js';
import { OPTIONS } from './token-invalidation.tokens.js';

/** The defaults of what shapes the module; its keys are what may stand beside a factory. */
export const EXTRAS: TokenInvalidationExtras = {
  isGlobal: false,
  globalGuard: false,
  endpoint: undefined,
  strategyName: 'revocable-jwt',
  dataSource: undefined,
  store: undefined,
  listener: undefined,
  imports: [],
};

export const { ConfigurableModuleClass, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<TokenInvalidationOptions>({ optionsInjectionToken: OPTIONS })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createTokenInvalidationOptions')
    .setExtras(EXTRAS, shapeModule)
    .build();

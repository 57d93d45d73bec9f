import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { isGateway, RESOLVER_TYPE } from './contexts/message-handlers.js';
import { HTTP_SETTINGS, type HttpSettings } from './http-settings.js';
import { OptionalAuth } from './optional-auth.decorator.js';
import { Public } from './public.decorator.js';

const OURS = [Public.KEY, OptionalAuth.KEY];

/**
 * Says at boot when handlers carry metadata of another `@Public()`, which this library does not read: they would refuse
 * every call without a token, and nothing would explain it.
 */
@Injectable()
export class IgnoredPublicMetadata implements OnApplicationBootstrap {
  private readonly logger = new Logger('TokenInvalidation');

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    @Inject(HTTP_SETTINGS) private readonly settings: HttpSettings,
  ) {}

  onApplicationBootstrap(): void {
    const places = new Map<string, string>();
    for (const type of this.typesWithHandlers()) {
      for (const [name, target] of this.targetsOf(type)) {
        for (const key of ignoredKeysOf(target, this.settings.publicMetadataKey)) {
          places.set(key, places.get(key) ?? name);
        }
      }
    }
    for (const [key, place] of places) {
      this.logger.warn(
        `${place} has the metadata ${JSON.stringify(key)}, which does not open it here: set publicMetadataKey: ${JSON.stringify(key)}, or use @Public() of nestjs-token-invalidation.`,
      );
    }
  }

  /** Controllers, resolvers and gateways. */
  private typesWithHandlers(): Function[] {
    const controllers = this.discovery.getControllers().map(({ metatype }) => metatype as Function);
    const providers = this.discovery.getProviders().flatMap(({ instance, metatype }) => {
      // A factory may return an instance of any class.
      const type: unknown = (instance as object | null | undefined)?.constructor ?? metatype;
      return typeof type === 'function' && hasHandlers(type) ? [type] : [];
    });
    return [...controllers, ...providers];
  }

  /** A class and its methods, by name. */
  private targetsOf(type: Function): [string, object][] {
    const prototype = type.prototype as object;
    const methods = this.scanner.getAllMethodNames(prototype);
    return [
      [type.name, type],
      ...methods.map((method): [string, object] => [
        `${type.name}.${method}`,
        Reflect.get(prototype, method) as object,
      ]),
    ];
  }
}

function hasHandlers(type: Function): boolean {
  return isGateway(type) || Reflect.hasMetadata(RESOLVER_TYPE, type);
}

function ignoredKeysOf(target: object, publicMetadataKey: string | undefined): string[] {
  // A route may carry another library's mark in addition to ours.
  if (OURS.some((key) => Reflect.hasMetadata(key, target))) return [];
  return Reflect.getMetadataKeys(target).filter(
    (key): key is string =>
      typeof key === 'string' &&
      key !== publicMetadataKey &&
      /public/i.test(key) &&
      Reflect.getMetadata(key, target) === true,
  );
}

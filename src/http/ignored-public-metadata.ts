import { Inject, Injectable, Logger, type OnApplicationBootstrap, type Type } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { HTTP_SETTINGS, type HttpSettings } from './http-settings.js';
import { OptionalAuth } from './optional-auth.decorator.js';
import { Public } from './public.decorator.js';

const OURS = [Public.KEY, OptionalAuth.KEY];

/**
 * Says at boot when routes carry metadata of another `@Public()`, which this library does not read: they would answer
 * 401 without an explanation.
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
    for (const { metatype } of this.discovery.getControllers()) {
      for (const [name, target] of this.targetsOf(metatype as Type)) {
        for (const key of ignoredKeysOf(target, this.settings.publicMetadataKey)) {
          places.set(key, places.get(key) ?? name);
        }
      }
    }
    for (const [key, place] of places) {
      this.logger.warn(
        `${place} has the metadata ${JSON.stringify(key)}, which does not open a route here: set publicMetadataKey: ${JSON.stringify(key)}, or use @Public() of nestjs-token-invalidation.`,
      );
    }
  }

  /** A controller and its methods, by name. */
  private targetsOf(controller: Type): [string, object][] {
    const prototype = controller.prototype as object;
    const methods = this.scanner.getAllMethodNames(prototype);
    return [
      [controller.name, controller],
      ...methods.map((method): [string, object] => [
        `${controller.name}.${method}`,
        Reflect.get(prototype, method) as object,
      ]),
    ];
  }
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

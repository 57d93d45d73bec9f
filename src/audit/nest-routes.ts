import { RequestMethod, VERSION_NEUTRAL, VersioningType } from '@nestjs/common';
import type { ApplicationConfig } from '@nestjs/core';
import { joinPath } from './handler-list.js';
import type { Handler } from './handler.js';

/** A handler, with where it is without the global prefix and versions. */
interface Place {
  readonly handler: Handler;
  readonly verb: string;
  readonly path: string;
}

type Excluded = NonNullable<
  ReturnType<ApplicationConfig['getGlobalPrefixOptions']>['exclude']
>[number];

/** The routes that Nest makes of handlers: with the global prefix, a version, and the path of their module. */
export class NestRoutes {
  constructor(private readonly config: ApplicationConfig) {}

  /** Their names; those for every verb are without one. */
  namesOf(handlers: readonly Handler[]): string[] {
    return placesOf(handlers).flatMap((place) => {
      const isExcluded = this.excluded().some((each) => excludes(each, place));
      const prefix = isExcluded ? '' : this.config.getGlobalPrefix();
      return this.versionsOf(place.handler)
        .map((version) => joinPath(prefix, version, place.path))
        .map((path) => (place.verb === 'ALL' ? path : `${place.verb} ${path}`));
    });
  }

  /** Where Nest answers 404 on Express: at every path that the global prefix excludes. */
  namesOfNotFound(handlers: readonly Handler[]): string[] {
    const places = placesOf(handlers);
    return this.excluded().flatMap((each) => {
      const versions = places
        .filter((place) => excludes(each, place))
        .flatMap(({ handler }) => this.versionsOf(handler));
      return ['', ...versions].map((version) => `ALL ${joinPath(version, each.path)}`);
    });
  }

  private excluded(): Excluded[] {
    return this.config.getGlobalPrefixOptions().exclude ?? [];
  }

  /** What each of its versions adds to the path; nothing for `VERSION_NEUTRAL`. */
  private versionsOf({ type, method }: Handler): string[] {
    const versioning = this.config.getVersioning();
    if (versioning?.type !== VersioningType.URI) return [''];
    const { prefix = 'v', defaultVersion = VERSION_NEUTRAL } = versioning;
    const versions: unknown =
      Reflect.getMetadata('__version__', method) ??
      Reflect.getMetadata('__version__', type) ??
      defaultVersion;
    const before = prefix === false ? '' : prefix;
    return [versions]
      .flat()
      .map((version) => (version === VERSION_NEUTRAL ? '' : `${before}${String(version)}`));
  }
}

function placesOf(handlers: readonly Handler[]): Place[] {
  const routed = handlers.filter(({ context }) => context === 'http');
  return routed.flatMap((handler) => {
    const [verb, ...own] = handler.name.split(' ') as [string, ...string[]];
    const { modulePaths = [''] } = handler;
    return modulePaths.map((base) => ({ handler, verb, path: joinPath(base, own.join(' ')) }));
  });
}

function excludes({ requestMethod, pathRegex }: Excluded, { verb, path }: Place): boolean {
  const isOfVerb = requestMethod === RequestMethod.ALL || RequestMethod[requestMethod] === verb;
  return isOfVerb && pathRegex.test(path);
}

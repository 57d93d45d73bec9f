import { VersioningType } from '@nestjs/common';
import type { ApplicationConfig } from '@nestjs/core';
import { joinPath } from './handler-list.js';

/**
 * What stands before the path of a handler in its route: the global prefix, the version and the path of its module.
 *
 * @param modulePaths - those that the `RouterModule` gave
 */
export function routePrefixes(config: ApplicationConfig, modulePaths: readonly string[]): RegExp {
  const prefix = literal(config.getGlobalPrefix()) + (excludedPaths(config).length > 0 ? '?' : '');
  const modules = ['', ...modulePaths].map(literal).join('|');
  return new RegExp(`^${prefix}${versions(config)}(${modules})$`);
}

/** Paths that do not get the global prefix. */
export function excludedPaths(config: ApplicationConfig): string[] {
  return (config.getGlobalPrefixOptions().exclude ?? []).map(({ path }) => joinPath(path));
}

/** A handler may be of no version. */
function versions(config: ApplicationConfig): string {
  const versioning = config.getVersioning();
  if (versioning?.type !== VersioningType.URI) return '';
  const { prefix = 'v' } = versioning;
  return `(/${prefix === false ? '' : escaped(prefix)}[^/]+)?`;
}

/** The path as a part of a longer one, which the root adds nothing to. */
export function withoutRoot(path: string): string {
  const joined = joinPath(path);
  return joined === '/' ? '' : joined;
}

function literal(path: string): string {
  return `(${escaped(withoutRoot(path))})`;
}

function escaped(text: string): string {
  return text.replaceAll(/[^\w/]/g, String.raw`\$&`);
}

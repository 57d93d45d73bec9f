import { createRequire } from 'node:module';
import { arch, availableParallelism, cpus, release, totalmem, type } from 'node:os';
import type { Results } from './results.js';

const GIGABYTE = 1024 ** 3;

const PACKAGES = [
  'nestjs-token-invalidation',
  '@nestjs/core',
  '@nestjs/passport',
  '@nestjs/jwt',
  'express',
  'fastify',
  'passport-jwt',
  'jsonwebtoken',
  'typeorm',
  'pg',
  'express-session',
  'connect-pg-simple',
  '@fastify/session',
  '@fastify/jwt',
  'better-auth',
];

export function describeMachine(): Results['machine'] {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGigabytes: Math.round((totalmem() / GIGABYTE) * 10) / 10,
    os: `${type()} ${release()} ${arch()}`,
  };
}

export function describeVersions(postgresVersion: string): Record<string, string> {
  const packages = PACKAGES.map((name) => [name, versionOf(name)] as const);
  return {
    node: process.versions.node,
    postgresql: postgresVersion,
    ...Object.fromEntries(packages),
  };
}

/** Of the copy that Nest, or else the bench, uses. */
function versionOf(name: string): string {
  const folders = [
    import.meta.url,
    ...HOSTS.map((host) => createRequire(import.meta.url).resolve(host)),
  ];
  for (const folder of folders.toReversed()) {
    for (const path of createRequire(folder).resolve.paths(name) ?? []) {
      const version = readVersion(`${path}/${name}/package.json`);
      if (version !== undefined) return version;
    }
  }
  return 'unknown';
}

/** Where packages are that are not the bench's own. */
const HOSTS = ['@nestjs/platform-express', '@nestjs/platform-fastify', 'typeorm', 'passport-jwt'];

function readVersion(file: string): string | undefined {
  try {
    return (createRequire(import.meta.url)(file) as { version: string }).version;
  } catch {
    return undefined;
  }
}

import type {
  ExtraClaims,
  SessionsOptions,
  TokenInvalidationModuleOptions,
} from 'nestjs-token-invalidation';
import type { FrozenClock } from 'nestjs-token-invalidation/testing';
import { Client } from 'pg';
import { createApp, type Platform, type TestApp } from '../create-app.js';
import { OffsetClock } from '../offset-clock.js';
import type { User } from '../user.entity.js';
import { DeviceController } from './device.controller.js';

/** What a node is made of; plain data, so that it reaches another process. */
export interface SessionAppSettings {
  readonly url: string;
  readonly platform?: Platform;
  readonly clockOffsetSeconds?: number;
  readonly sessions?: SessionsOptions;
  /** Whether it issues no sessions: a node of the version before. */
  readonly withoutSessions?: boolean;
  readonly refreshCookie?: boolean;
  readonly readTimeout?: string;
  readonly writeTimeout?: string;
}

/** Services that may introspect and revoke come with this. */
export const SERVICE_CREDENTIAL = `Basic ${Buffer.from('orders:s3cret').toString('base64')}`;

const isService = ({ headers }: { headers: Record<string, string> }): boolean =>
  headers['authorization'] === SERVICE_CREDENTIAL;

/** The lock at which a node holds a refresh of a user whose address begins with `held`. */
export const BARRIER = 42;

/** An application with sessions over a database that has them. */
export function createSessionApp(
  { platform, writeTimeout, ...settings }: SessionAppSettings,
  clock: FrozenClock = new OffsetClock(settings.clockOffsetSeconds ?? 0),
): Promise<TestApp> {
  return createApp({
    url: settings.url,
    clock,
    ...(platform && { platform }),
    controllers: [DeviceController],
    ...(writeTimeout !== undefined && { store: { writeTimeout } }),
    module: moduleOptions(settings),
  });
}

function moduleOptions(settings: SessionAppSettings): Partial<TokenInvalidationModuleOptions> {
  const { url, withoutSessions = false, refreshCookie = false, readTimeout } = settings;
  return {
    ...(readTimeout !== undefined && { readTimeout }),
    ...(!withoutSessions && {
      sessions: {
        absolute: '24h',
        idle: '1h',
        grace: '30s',
        claims: (user: User) => waitAtBarrier(url, user),
        ...settings.sessions,
      },
      revokedTokens: true,
    }),
    endpoints: {
      path: 'auth',
      logoutEverywhere: true,
      ...(!withoutSessions && {
        sessions: true,
        refreshCookie,
        revoke: isService,
        introspect: isService,
      }),
    },
  };
}

/** Holds the answer to a user whose address begins with `held`, for as long as a test holds the lock. */
async function waitAtBarrier(url: string, { email }: User): Promise<ExtraClaims> {
  if (!email.startsWith('held')) return {};
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(`SELECT pg_advisory_lock_shared(${BARRIER})`);
  await client.end();
  return {};
}

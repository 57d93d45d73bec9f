import { generateKeyPairSync } from 'node:crypto';
import type {
  ExtraClaims,
  SessionsOptions,
  TokenInvalidationModuleOptions,
} from 'nestjs-token-invalidation';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { verify } from '@node-rs/argon2';
import type { FrozenClock } from 'nestjs-token-invalidation/testing';
import { Client } from 'pg';
import type { Repository } from 'typeorm';
import { createApp, type Platform, SECRET, type TestApp } from '../create-app.js';
import { createLayerApp, type LayerApp } from '../layers/layer-app.js';
import { LAYERS_AND_MEMORY } from '../layers/layers.js';
import type { LayerUsers } from '../layers/layer.js';
import { OffsetClock } from '../offset-clock.js';
import { User } from '../user.entity.js';
import { type Account, Accounts } from './accounts.js';
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
  /** Whether it signs with a private key, and serves the public one. */
  readonly publicKeys?: boolean;
  readonly readTimeout?: string;
  readonly writeTimeout?: string | number;
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
    providers: [{ provide: Accounts, useClass: Users }],
    ...(writeTimeout !== undefined && { store: { writeTimeout } }),
    module: moduleOptions(settings),
  });
}

@Injectable()
class Users implements Accounts {
  constructor(@InjectRepository(User) private readonly users: Repository<User>) {}

  async check(email: string, password: string): Promise<Account | undefined> {
    const user = await this.users
      .createQueryBuilder('user')
      .addSelect('user.passwordHash')
      .where({ email })
      .getOne();
    return user && (await verify(user.passwordHash, password)) ? user : undefined;
  }
}

/** The same over a data layer, where a login takes any password. */
export function createLayerSessionApp(
  layerName: string,
  settings: SessionAppSettings,
): Promise<LayerApp> {
  const { url, clockOffsetSeconds = 0 } = settings;
  return createLayerApp({
    layer: LAYERS_AND_MEMORY.find(({ name }) => name === layerName)!,
    url,
    clock: new OffsetClock(clockOffsetSeconds),
    controllers: [DeviceController],
    providersOf: (users) => [{ provide: Accounts, useValue: accountsOf(users) }],
    module: moduleOptions(settings),
  });
}

function accountsOf(users: LayerUsers): Accounts {
  return { check: (email) => users.find(email) };
}

/** All nodes have the same. */
const PRIVATE_KEY = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

function moduleOptions(settings: SessionAppSettings): Partial<TokenInvalidationModuleOptions> {
  const { url, withoutSessions = false, refreshCookie = false, publicKeys = false } = settings;
  // As long as the grace lets it be: a busy machine is no outage.
  const { readTimeout = '15s' } = settings;
  return {
    readTimeout,
    ...(publicKeys && { keys: [{ privateKey: PRIVATE_KEY }] }),
    ...(!withoutSessions && {
      sessions: {
        absolute: '24h',
        idle: '1h',
        grace: '30s',
        claims: (user: Account) => waitAtBarrier(url, user),
        ...(publicKeys && { keys: [SECRET] }),
        ...settings.sessions,
      },
      revokedTokens: true,
    }),
    endpoints: {
      path: 'auth',
      logoutEverywhere: true,
      jwks: publicKeys,
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
async function waitAtBarrier(url: string, { email }: Account): Promise<ExtraClaims> {
  if (!email.startsWith('held')) return {};
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(`SELECT pg_advisory_lock_shared(${BARRIER})`);
  await client.end();
  return {};
}

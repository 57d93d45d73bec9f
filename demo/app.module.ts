import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { TokenInvalidationModule } from 'nestjs-token-invalidation';
import { typeOrmStore } from 'nestjs-token-invalidation/typeorm';
import { CreateUsers1760000000000 } from '../migrations/1760000000000-create-users.js';
import { RevocableTokens1760000000001 } from '../migrations/1760000000001-revocable-tokens.js';
import { TokenSessions1760000000002 } from '../migrations/1760000000002-token-sessions.js';
import { AdminModule } from './admin/admin.module.js';
import { AuthModule } from './auth/auth.module.js';
import { DatabaseOutageFilter } from './http/database-outage.filter.js';
import { TokenLog } from './token-log.listener.js';
import { User } from './users/user.entity.js';

export interface AppSettings {
  readonly databaseUrl: string;
  readonly jwtSecret: string;
  /** The name of this process, where there are several. */
  readonly node: string;
}

/** An API with accounts, as many applications have one, whose tokens can be revoked. */
@Module({})
export class AppModule {
  static register(
    { databaseUrl, jwtSecret }: AppSettings,
    modules: DynamicModule[],
  ): DynamicModule {
    return {
      module: AppModule,
      imports: [
        database(databaseUrl),
        TokenInvalidationModule.forRoot({
          store: typeOrmStore({ entity: User }),
          secret: jwtSecret,
          isActive: (user: User) => user.active,
          isGlobal: true,
          globalGuard: true,
          sessions: { absolute: '90 days', idle: '30 days' },
          endpoints: { path: 'auth', logoutEverywhere: true, sessions: true },
          listener: TokenLog,
        }),
        AuthModule,
        AdminModule,
        ...modules,
      ],
      providers: [{ provide: APP_FILTER, useClass: DatabaseOutageFilter }],
    };
  }
}

function database(url: string): DynamicModule {
  return TypeOrmModule.forRoot({
    type: 'postgres',
    url,
    autoLoadEntities: true,
    migrations: [
      CreateUsers1760000000000,
      RevocableTokens1760000000001,
      TokenSessions1760000000002,
    ],
    migrationsRun: true,
    retryAttempts: 0,
  });
}

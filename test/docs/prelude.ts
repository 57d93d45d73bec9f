// What a block of a document takes for granted: its imports, and what is around it in an application.
import { equal } from 'node:assert';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import {
  Body,
  Controller,
  Delete,
  type ExecutionContext,
  Get,
  Injectable,
  type INestApplication,
  Logger,
  Module,
  Post,
  Res,
  ServiceUnavailableException,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { AuthGuard } from '@nestjs/passport';
import { Test } from '@nestjs/testing';
import { getDataSourceToken, InjectDataSource, InjectRepository } from '@nestjs/typeorm';
import { hash, verify } from '@node-rs/argon2';
import type { NodePgDatabase } from 'drizzle-orm/node-postgres';
import { integer, pgTable, text, timestamp } from 'drizzle-orm/pg-core';
import { parseCookie } from 'cookie';
import {
  callerOf,
  type CallSession,
  type CookieWriter,
  CurrentSession,
  CurrentUser,
  type CutoffKind,
  type InvalidationEvent,
  type InvalidationTarget,
  LogoutTransaction,
  type LogoutWithin,
  OptionalAuth,
  type PasswordReplacement,
  Public,
  type RefusalEvent,
  RequireRecentLogin,
  RevocableJwtGuard,
  SessionAnswers,
  type SessionEvent,
  type StateChange,
  type StateQuery,
  StampVerifier,
  type StateReading,
  TOKEN_CLOCK,
  TokenClaims,
  TokenEventListener,
  TokenInvalidationModule,
  TokenInvalidator,
  TokenIssuer,
  TokenSessions,
  type TokenStamp,
  TokenStateStore,
  TokenVerifier,
  type WriteOutcome,
} from 'nestjs-token-invalidation';
import { drizzleStore } from 'nestjs-token-invalidation/drizzle';
import { exceptionFor, revocableJwtStrategy } from 'nestjs-token-invalidation/passport';
import { pgStore, type PgUser, tokenInvalidationSql } from 'nestjs-token-invalidation/pg';
import { prismaStore } from 'nestjs-token-invalidation/prisma';
import {
  type InMemoryUser,
  InMemoryTokenStateStore,
  type TokenStateStoreHarness,
  listAccess,
} from 'nestjs-token-invalidation/testing';
import {
  RevocableUser,
  tokenInvalidationMigration,
  typeOrmStore,
} from 'nestjs-token-invalidation/typeorm';
import { ExtractJwt } from 'passport-jwt';
import { Pool } from 'pg';
import {
  Column,
  type DataSource,
  Entity,
  type EntityManager,
  PrimaryGeneratedColumn,
  type Repository,
} from 'typeorm';
import { PrismaClient } from '../../../prisma/client.js';

declare const SecureStore: {
  getItemAsync(key: string): Promise<string | null>;
  setItemAsync(key: string, value: string): Promise<void>;
  deleteItemAsync(key: string): Promise<void>;
};
declare function showLogin(errorCode: string): void;
declare function askForPassword(maxAge: number | undefined): void;

declare class User extends RevocableUser {
  id: number;
  email: string;
  password: string;
  role: string;
  tenant: string;
  disabled: boolean;
}
declare class Session {
  id: number;
  hash: string;
  userId: string;
  stamp: TokenStamp;
}
interface PasswordChange {
  current: string;
  next: string;
}
interface Login {
  email: string;
  password: string;
  device: string;
  remember: boolean;
}
interface UserRow {
  id: string;
  tokenVersion: number;
  passwordChangedAt: Date | null;
  logoutAllAt: Date | null;
}
interface MysqlConnection {
  commit(): Promise<void>;
}
declare class MysqlUsers {
  readAll(ids: string[], timeoutMs: number): Promise<StateReading<UserRow>>;
  raiseVersion(
    target: InvalidationTarget,
    kind: CutoffKind,
    connection?: MysqlConnection,
  ): Promise<WriteOutcome>;
  changePassword(
    subject: string,
    hashes: PasswordReplacement,
    connection?: MysqlConnection,
  ): Promise<WriteOutcome>;
  rehashPassword(
    subject: string,
    hashes: PasswordReplacement,
    connection?: MysqlConnection,
  ): Promise<WriteOutcome>;
  raiseVersionOfEveryone(connection?: MysqlConnection): Promise<StateChange>;
}
@Module({})
class MysqlModule {}
declare class AppModule {}
@Injectable()
class RolesGuard {
  canActivate(): boolean {
    return true;
  }
}
class EntityOfYourOwn {}

declare const app: INestApplication;
declare const users: Repository<User>;
declare const user: User;
declare const claims: TokenClaims;
declare const dataSource: DataSource;
declare const pool: Pool;
declare const PG_POOL: symbol;
declare class PrismaPg {
  constructor(pool: Pool);
  provider: 'postgres';
  adapterName: string;
  connect(): never;
}
declare class PrismaService extends PrismaClient {}
declare const prisma: PrismaClient;
declare const email: string;
declare const DRIZZLE: symbol;
declare const db: NodePgDatabase;
const usersTable = pgTable('users', {
  id: integer('id').primaryKey(),
  role: text('role').notNull(),
  tokenVersion: integer('token_version').notNull(),
  passwordChangedAt: timestamp('password_changed_at', { withTimezone: true }),
  logoutAllAt: timestamp('logout_all_at', { withTimezone: true }),
  deletedAt: timestamp('deleted_at', { withTimezone: true }),
});
declare const issuer: TokenIssuer;
declare const invalidator: TokenInvalidator<unknown>;
declare const userId: number;
declare const password: string;
declare const currentHash: string;
declare const secret: string;
declare const secretOfToday: string;
declare const oldSecret: string;
declare const newPem: string;
declare const harness: TokenStateStoreHarness<InMemoryUser, unknown>;
declare const sessions: TokenSessions<User>;
declare const refreshToken: string;
declare function checkPassword(login: Login): Promise<User>;
declare function mail(userId: string, subject: string, event: SessionEvent): void;
declare function currentHashOf(user: User, password: string): Promise<string>;
declare function needsRehash(hash: string): boolean;
declare function sha256(text: string): string;

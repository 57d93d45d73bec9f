// What the recipes take for granted: their imports, and what stands around them in an application.
import { equal } from 'node:assert';
import { describe, it } from 'node:test';
import {
  Body,
  Controller,
  Delete,
  type ExecutionContext,
  Get,
  Injectable,
  type INestApplication,
  Module,
  Post,
  UseGuards,
} from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import { hash } from '@node-rs/argon2';
import { parseCookie } from 'cookie';
import {
  CurrentUser,
  type CutoffKind,
  type InvalidationEvent,
  type InvalidationTarget,
  OptionalAuth,
  type PasswordReplacement,
  refusalOf,
  type RefusalEvent,
  RequireRecentLogin,
  RevocableJwtGuard,
  RevocableUser,
  type StateQuery,
  type StateReading,
  TokenClaims,
  TokenEventListener,
  TokenInvalidationModule,
  tokenInvalidationMigration,
  TokenInvalidator,
  TokenIssuer,
  TokenStateStore,
  TokenVerifier,
  type WriteOutcome,
} from 'nestjs-token-invalidation';
import type { InMemoryUser, TokenStateStoreHarness } from 'nestjs-token-invalidation/testing';
import { ExtractJwt } from 'passport-jwt';
import { Column, type DataSource, Entity, PrimaryGeneratedColumn, type Repository } from 'typeorm';

declare class User extends RevocableUser {
  id: number;
  email: string;
  password: string;
  role: string;
  disabled: boolean;
}
interface PasswordChange {
  current: string;
  next: string;
}
interface Socket {
  token: string;
  user: User;
  disconnect(): void;
}
interface UserRow {
  id: number;
  token_version: number;
  password_changed_at: Date | null;
  logout_all_at: Date | null;
}
interface Transaction {
  commit(): Promise<void>;
}
interface Knex {
  readAll(ids: string[]): Promise<StateReading<UserRow>>;
  bump(target: InvalidationTarget, kind: CutoffKind): Promise<WriteOutcome>;
  change(subject: string, hashes: PasswordReplacement): Promise<WriteOutcome>;
  rehash(subject: string, hashes: PasswordReplacement): Promise<WriteOutcome>;
  cutEveryone(): Promise<Date>;
}
@Module({})
class KnexModule {}
@Injectable()
class RolesGuard {
  canActivate(): boolean {
    return true;
  }
}
class EntityOfYourOwn {}

declare const app: INestApplication;
declare const users: Repository<User>;
declare const dataSource: DataSource;
declare const invalidator: TokenInvalidator;
declare const userId: number;
declare const secret: string;
declare const newSecret: string;
declare const oldSecret: string;
declare const secretOfYourOldTokens: string;
declare const newPem: string;
declare const harness: TokenStateStoreHarness<InMemoryUser, unknown>;
declare function currentHashOf(user: User, password: string): Promise<string>;
declare function contextOfGraphql(context: ExecutionContext): {
  req: object;
  res: { header(name: string, value: string): unknown };
};

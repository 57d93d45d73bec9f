import { Injectable, Logger } from '@nestjs/common';
import {
  type CallSession,
  PasswordConflictError,
  type Refusal,
  type StartedTokens,
  TokenInvalidator,
  TokenSessions,
} from 'nestjs-token-invalidation';
import type { User } from '../users/user.entity.js';
import { UsersService } from '../users/users.service.js';
import { PasswordHasher } from './password-hasher.service.js';

export interface Passwords {
  readonly current: string;
  readonly next: string;
}

/** All that has to do with passwords. */
@Injectable()
export class Accounts {
  private readonly logger = new Logger(Accounts.name);

  constructor(
    private readonly users: UsersService,
    private readonly hasher: PasswordHasher,
    private readonly invalidator: TokenInvalidator,
    private readonly sessions: TokenSessions<User>,
  ) {}

  async register(email: string, password: string): Promise<User> {
    return this.users.create({ email, passwordHash: await this.hasher.hash(password) });
  }

  /** The record that the password was checked against, which is the one to start a session from. */
  async authenticate(email: string, password: string): Promise<User | undefined> {
    const user = await this.users.findWithHash({ email });
    const matches = await this.hasher.matches(user?.passwordHash, password);
    if (!user || !matches) return undefined;
    if (this.hasher.isOutdated(user.passwordHash)) await this.rehash(user, password);
    return user;
  }

  /** Changes the password and invalidates the user's tokens, or does neither: `false` when the current one is wrong. */
  async changePassword(id: string, passwords: Passwords): Promise<boolean> {
    const change = await this.checkChange(id, passwords);
    if (!change) return false;
    await this.invalidator.changePassword(id, change);
    return true;
  }

  /** The same, but the device that asks goes on, under a new session. A refusal: its session has just ended. */
  async changePasswordAndStay(
    { id, subject }: CallSession,
    passwords: Passwords,
  ): Promise<StartedTokens | Refusal | undefined> {
    const change = await this.checkChange(subject, passwords);
    if (!change) return undefined;
    const { user, ...password } = change;
    return this.sessions.changePassword(id, user, password);
  }

  private async checkChange(id: string, { current, next }: Passwords) {
    const user = await this.users.findWithHash({ id });
    const matches = await this.hasher.matches(user?.passwordHash, current);
    if (!user || !matches) return undefined;
    return { user, currentHash: user.passwordHash, newHash: await this.hasher.hash(next) };
  }

  /** The password is the same, so every token stays valid. */
  private async rehash({ id, passwordHash }: User, password: string): Promise<void> {
    const newHash = await this.hasher.hash(password);
    try {
      await this.invalidator.rehashPassword(id, { currentHash: passwordHash, newHash });
      this.logger.log(
        `Re-hashed the password of user ${id} at today's cost; every token stays valid`,
      );
    } catch (error) {
      // Another login was faster; or the password has just changed, and this login's token will be refused.
      if (!(error instanceof PasswordConflictError)) throw error;
    }
  }
}

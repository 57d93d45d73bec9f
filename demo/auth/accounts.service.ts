import { Injectable, Logger } from '@nestjs/common';
import {
  type InvalidationReceipt,
  PasswordConflictError,
  TokenInvalidator,
} from 'nestjs-token-invalidation';
import type { User } from '../users/user.entity.js';
import { UsersService } from '../users/users.service.js';
import { PasswordHasher } from './password-hasher.service.js';

/** All that has to do with passwords. */
@Injectable()
export class Accounts {
  private readonly logger = new Logger(Accounts.name);

  constructor(
    private readonly users: UsersService,
    private readonly hasher: PasswordHasher,
    private readonly invalidator: TokenInvalidator,
  ) {}

  async register(email: string, password: string): Promise<User> {
    return this.users.create({ email, passwordHash: await this.hasher.hash(password) });
  }

  /** The record that the password was checked against, which is the one to issue a token from. */
  async authenticate(email: string, password: string): Promise<User | undefined> {
    const user = await this.users.findWithHash({ email });
    const matches = await this.hasher.matches(user?.passwordHash, password);
    if (!user || !matches) return undefined;
    if (this.hasher.isOutdated(user.passwordHash)) await this.rehash(user, password);
    return user;
  }

  /** Changes the password and invalidates the user's tokens, or does neither: `undefined` when the current one is wrong. */
  async changePassword(
    id: string,
    passwords: { current: string; next: string },
  ): Promise<InvalidationReceipt | undefined> {
    const user = await this.users.findWithHash({ id });
    const matches = await this.hasher.matches(user?.passwordHash, passwords.current);
    if (!user || !matches) return undefined;
    return this.invalidator.changePassword(id, {
      currentHash: user.passwordHash,
      newHash: await this.hasher.hash(passwords.next),
    });
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

import { setTimeout } from 'node:timers/promises';
import { verify } from '@node-rs/argon2';
import { Body, Controller, Get, Inject, Param, Post, UnauthorizedException } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { CurrentUser, Public, TokenInvalidator, TokenIssuer } from 'nestjs-token-invalidation';
import type { Repository, SelectQueryBuilder } from 'typeorm';
import { hashPassword } from '../support/passwords.js';
import { User } from '../support/user.entity.js';
import { monotonicMs } from './monotonic.js';
import type { NodeSettings } from './node-settings.js';

/** A standby and an old primary show what was true once. An old one may still have transactions that are not read-only. */
const ON_PRIMARY =
  "NOT pg_is_in_recovery() AND current_setting('default_transaction_read_only') = 'off'";

export const NODE_SETTINGS = Symbol('settings of this server process');

export interface PasswordChange {
  readonly current: string;
  readonly next: string;
  readonly via: 'service' | 'save' | 'update' | 'transaction';
  /** How long the transaction has been open when the password is changed. */
  readonly openMs: number;
}

/** What the clients of a history do through a server, as an application would write it. */
@Public()
@Controller('history')
export class HistoryController {
  constructor(
    @InjectRepository(User) private readonly users: Repository<User>,
    private readonly issuer: TokenIssuer<User>,
    private readonly invalidator: TokenInvalidator,
    @Inject(NODE_SETTINGS) private readonly settings: NodeSettings,
  ) {}

  /** `pauseMs`: what the application does between the password check and the token. */
  @Post('login')
  async login(@Body() body: { id: string; password: string; pauseMs: number }): Promise<unknown> {
    const user = await this.checked(body.id, body.password);
    const checkedAt = monotonicMs();
    if (body.pauseMs > 0) await setTimeout(body.pauseMs);
    const rereads = this.settings.fault === 'record-read-again';
    const record = rereads ? await this.users.findOneByOrFail({ id: user.id }) : user;
    return { token: this.issuer.issue(record), checkedAt };
  }

  @Post(':id/logout')
  logout(@Param('id') id: string): Promise<unknown> {
    return this.invalidator.logoutEverywhere(id);
  }

  @Post(':id/invalidate')
  invalidate(@Param('id') id: string): Promise<unknown> {
    return this.invalidator.invalidate(id);
  }

  @Post(':id/password-changed')
  passwordChanged(@Param('id') id: string): Promise<unknown> {
    return this.invalidator.invalidateAfterPasswordChange(id);
  }

  @Post(':id/change-password')
  async changePassword(@Param('id') id: string, @Body() change: PasswordChange): Promise<unknown> {
    const user = await this.checked(id, change.current);
    const newHash = await hashPassword(change.next);
    if (change.via === 'save') return this.users.save({ id, passwordHash: newHash });
    if (change.via === 'update') return this.update(id, { passwordHash: newHash });
    const replacement = { currentHash: user.passwordHash, newHash };
    if (change.via === 'service') return this.invalidator.changePassword(id, replacement);
    return this.users.manager.transaction(async (transaction) => {
      await transaction.query('SELECT pg_sleep($1)', [change.openMs / 1000]);
      return this.invalidator.changePassword(id, replacement, { transaction });
    });
  }

  @Post(':id/rehash')
  async rehash(@Param('id') id: string, @Body() body: { password: string }): Promise<unknown> {
    const { passwordHash } = await this.checked(id, body.password);
    const newHash = await hashPassword(body.password);
    return this.invalidator.rehashPassword(id, { currentHash: passwordHash, newHash });
  }

  /** Writes a record back that was loaded a while ago. */
  @Post(':id/stale-save')
  async staleSave(@Param('id') id: string, @Body() body: { ageMs: number }): Promise<unknown> {
    const user = await this.current(id).getOneOrFail();
    await setTimeout(body.ageMs);
    user.role = `role ${monotonicMs()}`;
    await this.users.save(user);
    return {};
  }

  @Post(':id/activation')
  async activate(@Param('id') id: string, @Body() { active }: { active: boolean }) {
    await this.update(id, { active });
    return {};
  }

  /** Forgets a transaction: its connection goes back to the pool as it is. */
  @Post('careless/transaction')
  async leaveOpen(): Promise<void> {
    const runner = this.users.manager.connection.createQueryRunner();
    await runner.startTransaction();
    await runner.query('SELECT 1');
    await runner.release();
  }

  @Post('everyone/logout')
  logoutEveryone(): Promise<unknown> {
    return this.invalidator.invalidateEveryone();
  }

  protected async checked(id: string, password: string): Promise<User> {
    const user = await this.current(id).addSelect('user.passwordHash').getOneOrFail();
    if (!(await verify(user.passwordHash, password))) {
      throw new UnauthorizedException({ errorCode: 'wrong_password' });
    }
    return user;
  }

  private current(id: string): SelectQueryBuilder<User> {
    return this.users.createQueryBuilder('user').where({ id }).andWhere(ON_PRIMARY);
  }

  /** In a transaction: on a connection with one that somebody forgot, nothing else would be committed. */
  private async update(id: string, values: Partial<User>): Promise<void> {
    const { affected } = await this.users.manager.transaction((manager) =>
      manager.update(User, { id }, values),
    );
    // One that was forgotten on the old primary still writes there, but has no row of a user who is newer.
    if (affected !== 1) throw new Error('The update met no row.');
  }
}

/** The route behind the guard. */
@Controller('protected')
export class ProtectedController {
  @Get()
  show(@CurrentUser() user: User): { id: string } {
    return { id: user.id };
  }
}

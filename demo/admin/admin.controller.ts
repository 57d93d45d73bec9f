import {
  Body,
  Controller,
  HttpCode,
  HttpStatus,
  Param,
  Patch,
  Post,
  UseGuards,
} from '@nestjs/common';
import {
  type EveryoneInvalidationReceipt,
  type InvalidationReceipt,
  TokenInvalidator,
} from 'nestjs-token-invalidation';
import { fieldsOf, readBoolean, toEmail } from '../http/read-body.js';
import { ReadPipe } from '../http/read.pipe.js';
import { UsersService } from '../users/users.service.js';
import { Roles } from './roles.decorator.js';
import { RolesGuard } from './roles.guard.js';

/** What an administrator does to others. */
@Roles(['admin'])
@UseGuards(RolesGuard)
@Controller('admin')
export class AdminController {
  constructor(
    private readonly users: UsersService,
    private readonly invalidator: TokenInvalidator,
  ) {}

  @Post('users/:email/logout')
  @HttpCode(HttpStatus.OK)
  async logOut(@Param('email', new ReadPipe(toEmail)) email: string): Promise<InvalidationReceipt> {
    const { id } = await this.users.getByEmail(email);
    return this.invalidator.invalidate(id, { note: 'logged out by an administrator' });
  }

  /** Invalidates no token: the rule refuses all of them while `active` is false, and no longer than that. */
  @Patch('users/:email')
  @HttpCode(HttpStatus.NO_CONTENT)
  async setActive(
    @Param('email', new ReadPipe(toEmail)) email: string,
    @Body(new ReadPipe((body) => readBoolean(fieldsOf(body), 'active'))) active: boolean,
  ): Promise<void> {
    await this.users.setActive(email, active);
  }

  @Post('logout-everyone')
  @HttpCode(HttpStatus.OK)
  logOutEveryone(): Promise<EveryoneInvalidationReceipt> {
    return this.invalidator.invalidateEveryone();
  }
}

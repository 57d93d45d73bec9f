import { setTimeout } from 'node:timers/promises';
import { Body, Controller, Inject, Post, UnauthorizedException } from '@nestjs/common';
import { Public, TokenSessions } from 'nestjs-token-invalidation';
import type { User } from '../../support/user.entity.js';
import { HistoryController } from '../history.controller.js';
import { monotonicMs } from '../monotonic.js';

/** What an application with sessions has besides: its login, and a second process that gets its own session. */
@Public()
@Controller('history')
export class SessionHistoryController extends HistoryController {
  @Inject()
  private readonly sessions!: TokenSessions<User>;

  /** `pauseMs`: what the application does between the password check and the session. */
  @Post('session')
  async start(
    @Body() { id, password, pauseMs }: { id: string; password: string; pauseMs: number },
  ): Promise<unknown> {
    const user = await this.checked(id, password);
    const checkedAt = monotonicMs();
    if (pauseMs > 0) await setTimeout(pauseMs);
    return { ...asBody(await this.sessions.start(user)), checkedAt };
  }

  @Post('fork')
  async fork(@Body() { refresh_token }: { refresh_token: string }): Promise<unknown> {
    const forked = await this.sessions.fork(refresh_token);
    if (!forked.accepted) throw new UnauthorizedException({ errorCode: forked.reason });
    return asBody(forked);
  }
}

function asBody({ accessToken, refreshToken }: { accessToken: string; refreshToken: string }) {
  return { access_token: accessToken, refresh_token: refreshToken };
}

import {
  Body,
  Controller,
  Get,
  HttpCode,
  Inject,
  Param,
  Post,
  Req,
  Res,
  UnauthorizedException,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import {
  type CallSession,
  type CookieWriter,
  CurrentSession,
  CurrentUser,
  Public,
  RequireRecentLogin,
  SessionAnswers,
  type SessionEvent,
  TokenClaims,
  TokenEventEmitter,
  TokenInvalidator,
  TokenIssuer,
  TokenSessions,
} from 'nestjs-token-invalidation';
import { SessionUpkeep } from '../../../src/sessions/session-upkeep.js';
import { hashPassword } from '../passwords.js';
import { type Account, Accounts } from './accounts.js';

interface Login {
  email: string;
  password: string;
  label?: string;
  persistent?: boolean;
  /** Issue a token as before sessions. */
  withoutSession?: boolean;
}

interface PasswordChange {
  current: string;
  next: string;
}

/** Login, change of password and what needs a recent login, as an application with sessions would write them. */
@Controller('device')
export class DeviceController {
  @Inject()
  private readonly issuer!: TokenIssuer<Account>;

  @Inject()
  private readonly modules!: ModuleRef;

  @Inject()
  private readonly invalidator!: TokenInvalidator;

  private readonly happened: SessionEvent[] = [];

  constructor(
    private readonly accounts: Accounts,
    private readonly sessions: TokenSessions<Account>,
    private readonly answers: SessionAnswers,
    events: TokenEventEmitter,
  ) {
    events.subscribe({
      session: (event) => void this.happened.push(event),
      refused: () => {},
      invalidated: () => {},
    });
  }

  @Public()
  @Post('login')
  @HttpCode(200)
  async login(
    @Body() { email, password, label, persistent, withoutSession }: Login,
    @Req() request: { headers: Record<string, string> },
    @Res({ passthrough: true }) response: CookieWriter,
  ): Promise<unknown> {
    const user = await this.checked(email, password);
    if (withoutSession === true) return { access_token: this.issuer.issue(user) };
    const userAgent = request.headers['user-agent'];
    return this.answers.write(
      response,
      await this.sessions.start(user, { label, persistent, userAgent, address: '203.0.113.7' }),
    );
  }

  @Get('me')
  me(@CurrentUser() { email }: Account, @CurrentSession() session?: CallSession): object {
    return { email, session };
  }

  @Get('claims')
  claims(@TokenClaims() claims: TokenClaims): TokenClaims {
    return claims;
  }

  @RequireRecentLogin('10m')
  @Get('sensitive')
  sensitive(): { done: true } {
    return { done: true };
  }

  @Post('password')
  @HttpCode(200)
  async changePassword(
    @CurrentUser() { email }: Account,
    @CurrentSession() session: CallSession,
    @Body() { current, next }: PasswordChange,
    @Res({ passthrough: true }) response: CookieWriter,
  ): Promise<unknown> {
    const user = await this.checked(email, current);
    const { passwordHash: currentHash } = user as Account & { passwordHash: string };
    const newHash = await hashPassword(next);
    const kept = await this.sessions.changePassword(session.id, user, { currentHash, newHash });
    if (!kept.accepted) throw new UnauthorizedException(kept.reason);
    return this.answers.write(response, kept);
  }

  @Post('reauthenticate')
  @HttpCode(200)
  async reauthenticate(
    @CurrentUser() { email }: Account,
    @CurrentSession() session: CallSession,
    @Body() { password }: { password: string },
    @Res({ passthrough: true }) response: CookieWriter,
  ): Promise<unknown> {
    const user = await this.checked(email, password);
    const kept = await this.sessions.reauthenticate(session.id, user);
    if (!kept.accepted) throw new UnauthorizedException(kept.reason);
    return this.answers.write(response, kept);
  }

  @Public()
  @Post('fork')
  @HttpCode(200)
  async fork(
    @Body() { refresh_token }: { refresh_token: string },
    @Res({ passthrough: true }) response: CookieWriter,
  ): Promise<unknown> {
    const forked = await this.sessions.fork(refresh_token);
    if (!forked.accepted) throw new UnauthorizedException(forked.reason);
    return this.answers.write(response, forked);
  }

  @Public()
  @Post('everyone')
  @HttpCode(204)
  async logoutEveryone(): Promise<void> {
    await this.invalidator.invalidateEveryone();
  }

  @Post('revoke-this-token')
  @HttpCode(204)
  async revokeToken(@TokenClaims() claims: TokenClaims): Promise<void> {
    await this.sessions.revokeToken(claims);
  }

  /** As many refreshes at once, without the HTTP around each. Answers with what they were, each once. */
  @Public()
  @Post('refresh-often')
  @HttpCode(200)
  async refreshOften(
    @Body() { refresh_token, times }: { refresh_token: string; times: number },
  ): Promise<object> {
    const refreshes = Array.from({ length: times }, () => this.sessions.refresh(refresh_token));
    const answers = await Promise.all(refreshes);
    const outcomes = answers.map((answer) => (answer.accepted ? 200 : answer.reason));
    const tokens = answers.map((answer) => (answer.accepted ? answer.refreshToken : undefined));
    return { outcomes: [...new Set(outcomes)], tokens: [...new Set(tokens)].filter(Boolean) };
  }

  /** What the node does about once a second, now. It has then seen these sessions too. */
  @Public()
  @Post('flush')
  @HttpCode(204)
  async flush(@Body() seen?: { ids: string[]; generation: number }): Promise<void> {
    const { sights } = this.modules.get(SessionUpkeep, { strict: false });
    for (const sessionId of seen?.ids ?? []) {
      sights.note({ sessionId, generation: seen!.generation });
    }
    await sights.flush();
  }

  /** What this node reported of a session. */
  @Public()
  @Get('events/:sid')
  events(@Param('sid') sid: string): object {
    return { events: this.happened.filter(({ sessionId }) => sessionId === sid) };
  }

  private async checked(email: string, password: string): Promise<Account> {
    const user = await this.accounts.check(email, password);
    if (user === undefined) throw new UnauthorizedException();
    return user;
  }
}

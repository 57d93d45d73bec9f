import {
  Body,
  Controller,
  Get,
  HttpCode,
  Inject,
  Post,
  Req,
  Res,
  UnauthorizedException,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { InjectRepository } from '@nestjs/typeorm';
import { verify } from '@node-rs/argon2';
import {
  type CallSession,
  type CookieWriter,
  CurrentSession,
  CurrentUser,
  Public,
  RequireRecentLogin,
  SessionAnswers,
  TokenClaims,
  TokenInvalidator,
  TokenIssuer,
  TokenSessions,
} from 'nestjs-token-invalidation';
import type { Repository } from 'typeorm';
import { SessionUpkeep } from '../../../src/sessions/session-upkeep.js';
import { hashPassword } from '../passwords.js';
import { User } from '../user.entity.js';

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
  private readonly issuer!: TokenIssuer<User>;

  @Inject()
  private readonly modules!: ModuleRef;

  constructor(
    @InjectRepository(User) private readonly users: Repository<User>,
    private readonly sessions: TokenSessions<User>,
    private readonly invalidator: TokenInvalidator,
    private readonly answers: SessionAnswers,
  ) {}

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
  me(@CurrentUser() { email }: User, @CurrentSession() session?: CallSession): object {
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
    @CurrentUser() { email }: User,
    @CurrentSession() session: CallSession,
    @Body() { current, next }: PasswordChange,
    @Res({ passthrough: true }) response: CookieWriter,
  ): Promise<unknown> {
    const user = await this.checked(email, current);
    const currentHash = user.passwordHash;
    const newHash = await hashPassword(next);
    const kept = await this.sessions.changePassword(session.id, user, { currentHash, newHash });
    if (!kept.accepted) throw new UnauthorizedException(kept.reason);
    return this.answers.write(response, kept);
  }

  @Post('reauthenticate')
  @HttpCode(200)
  async reauthenticate(
    @CurrentUser() { email }: User,
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

  /** What the node does about once a second, now. */
  @Public()
  @Post('flush')
  @HttpCode(204)
  async flush(): Promise<void> {
    await this.modules.get(SessionUpkeep, { strict: false }).sights.flush();
  }

  private async checked(email: string, password: string): Promise<User> {
    const user = await this.users
      .createQueryBuilder('user')
      .addSelect('user.passwordHash')
      .where({ email })
      .getOne();
    if (user && (await verify(user.passwordHash, password))) return user;
    throw new UnauthorizedException();
  }
}

import {
  Body,
  Controller,
  ForbiddenException,
  Get,
  Headers,
  HttpCode,
  HttpStatus,
  Post,
  Res,
  UnauthorizedException,
} from '@nestjs/common';
import {
  type CallSession,
  type CookieWriter,
  CurrentSession,
  CurrentUser,
  Public,
  SessionAnswers,
  TokenSessions,
} from 'nestjs-token-invalidation';
import { ReadPipe } from '../http/read.pipe.js';
import type { User } from '../users/user.entity.js';
import { Accounts } from './accounts.service.js';
import {
  type Credentials,
  type Login,
  type PasswordChange,
  readLogin,
  readPasswordChange,
  readRegistration,
} from './auth.bodies.js';

type Profile = Pick<User, 'id' | 'email' | 'role'>;
type Reply = CookieWriter & { status(code: number): unknown };

/** Refresh, logout and the list of sessions are the module's own. */
@Controller()
export class AuthController {
  constructor(
    private readonly accounts: Accounts,
    private readonly sessions: TokenSessions<User>,
    private readonly answers: SessionAnswers,
  ) {}

  @Public()
  @Post('auth/register')
  async register(
    @Body(new ReadPipe(readRegistration)) { email, password }: Credentials,
  ): Promise<Profile> {
    return profileOf(await this.accounts.register(email, password));
  }

  @Public()
  @Post('auth/login')
  @HttpCode(HttpStatus.OK)
  async login(
    @Body(new ReadPipe(readLogin)) { email, password, device }: Login,
    @Headers('user-agent') userAgent: string | undefined,
    @Res({ passthrough: true }) response: Reply,
  ): Promise<unknown> {
    const user = await this.accounts.authenticate(email, password);
    if (!user) throw new UnauthorizedException('The email or the password is wrong');
    // Only once the password was right: others learn nothing about the account.
    if (!user.active) throw new ForbiddenException('This account is deactivated');
    const tokens = await this.sessions.start(user, { label: device, userAgent });
    return this.answers.write(response, tokens);
  }

  @Get('me')
  me(@CurrentUser() user: User): Profile {
    return profileOf(user);
  }

  /** 204, or with `keepThisDevice` 200 and new tokens for the device that asks. */
  @Post('auth/password')
  @HttpCode(HttpStatus.NO_CONTENT)
  async changePassword(
    @CurrentSession() session: CallSession,
    @Body(new ReadPipe(readPasswordChange)) change: PasswordChange,
    @Res({ passthrough: true }) response: Reply,
  ): Promise<unknown> {
    const passwords = { current: change.currentPassword, next: change.newPassword };
    if (!change.keepThisDevice) {
      const changed = await this.accounts.changePassword(session.subject, passwords);
      return changed ? undefined : wrongPassword();
    }
    const kept = await this.accounts.changePasswordAndStay(session, passwords);
    if (!kept) return wrongPassword();
    if (!kept.accepted) throw new UnauthorizedException(kept.reason);
    response.status(HttpStatus.OK);
    return this.answers.write(response, kept);
  }
}

function wrongPassword(): never {
  throw new ForbiddenException('The current password is wrong');
}

function profileOf({ id, email, role }: User): Profile {
  return { id, email, role };
}

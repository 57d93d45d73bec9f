import {
  Body,
  Controller,
  ForbiddenException,
  Get,
  Header,
  HttpCode,
  HttpStatus,
  Post,
  Res,
  UnauthorizedException,
} from '@nestjs/common';
import {
  CurrentUser,
  Public,
  TokenClaims,
  TokenIssuer,
  type TokenResponse,
} from 'nestjs-token-invalidation';
import { ReadPipe } from '../http/read.pipe.js';
import type { User } from '../users/user.entity.js';
import { Accounts } from './accounts.service.js';
import {
  type Credentials,
  type PasswordChange,
  readCredentials,
  readPasswordChange,
  readRegistration,
} from './auth.bodies.js';

type Profile = Pick<User, 'id' | 'email' | 'role'>;

/** `POST /auth/logout-everywhere` is the module's own. */
@Controller()
export class AuthController {
  constructor(
    private readonly accounts: Accounts,
    private readonly issuer: TokenIssuer<User>,
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
  @Header('Cache-Control', 'no-store')
  async login(
    @Body(new ReadPipe(readCredentials)) { email, password }: Credentials,
  ): Promise<TokenResponse> {
    const user = await this.accounts.authenticate(email, password);
    if (!user) throw new UnauthorizedException('The email or the password is wrong');
    // Not before the password was right: who does not know it learns nothing about the account.
    if (!user.active) throw new ForbiddenException('This account is deactivated');
    return this.tokenResponse(this.issuer.issue(user));
  }

  @Get('me')
  me(@CurrentUser() user: User): Profile {
    return profileOf(user);
  }

  /** 204, or with `keepThisDevice` 200 and a token of the new version for the device that asks. */
  @Post('auth/password')
  @HttpCode(HttpStatus.NO_CONTENT)
  @Header('Cache-Control', 'no-store')
  async changePassword(
    @TokenClaims() claims: TokenClaims,
    @Body(new ReadPipe(readPasswordChange)) change: PasswordChange,
    @Res({ passthrough: true }) response: { status(code: number): unknown },
  ): Promise<TokenResponse | undefined> {
    const receipt = await this.accounts.changePassword(claims.sub, {
      current: change.currentPassword,
      next: change.newPassword,
    });
    if (!receipt) throw new ForbiddenException('The current password is wrong');
    if (!change.keepThisDevice) return undefined;
    response.status(HttpStatus.OK);
    return this.tokenResponse(this.issuer.reissue(receipt, claims));
  }

  private tokenResponse(token: string): TokenResponse {
    return {
      access_token: token,
      token_type: 'Bearer',
      expires_in: this.issuer.expiresInSeconds,
    };
  }
}

function profileOf({ id, email, role }: User): Profile {
  return { id, email, role };
}

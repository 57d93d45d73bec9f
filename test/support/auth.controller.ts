import { verify } from '@node-rs/argon2';
import {
  Body,
  Controller,
  Get,
  HttpCode,
  Injectable,
  Param,
  Post,
  UnauthorizedException,
} from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import {
  CurrentUser,
  OptionalAuth,
  Public,
  RequireRecentLogin,
  TokenClaims,
  TokenInvalidator,
  TokenIssuer,
} from 'nestjs-token-invalidation';
import type { Repository } from 'typeorm';
import { hashPassword } from './passwords.js';
import { User } from './user.entity.js';

/** Where a test holds a login between the password check and the issue of the token. */
@Injectable()
export class LoginGate {
  beforeIssue: () => Promise<void> = async () => {};
}

/** Login, profile and change of password, as an application would write them. */
@Controller('auth')
export class AuthController {
  constructor(
    @InjectRepository(User) private readonly users: Repository<User>,
    private readonly issuer: TokenIssuer<User>,
    private readonly invalidator: TokenInvalidator,
    private readonly gate: LoginGate,
  ) {}

  @Public()
  @Post('login')
  @HttpCode(200)
  async login(@Body() body: { email: string; password: string }): Promise<{ token: string }> {
    const user = await this.users
      .createQueryBuilder('user')
      .addSelect('user.passwordHash')
      .where({ email: body.email })
      .getOne();
    if (!user || !(await verify(user.passwordHash, body.password))) {
      throw new UnauthorizedException();
    }
    await this.gate.beforeIssue();
    return { token: this.issuer.issue(user) };
  }

  @Get('me')
  me(@CurrentUser() user: User): User {
    return user;
  }

  @Get('claims')
  claims(@TokenClaims() claims: TokenClaims): TokenClaims {
    return claims;
  }

  @Public()
  @Get('open')
  open(@CurrentUser() user?: User): { user: string | null } {
    return { user: user?.email ?? null };
  }

  @Public()
  @Post('open/logout/:id')
  logout(@Param('id') id: string): Promise<unknown> {
    return this.invalidator.logoutEverywhere(id);
  }

  @OptionalAuth()
  @Get('optional')
  optional(@CurrentUser() user?: User): { user: string | null } {
    return { user: user?.email ?? null };
  }

  @RequireRecentLogin('10m')
  @Get('sensitive')
  sensitive(): { done: true } {
    return { done: true };
  }

  @Post('password')
  @HttpCode(204)
  async changePassword(
    @CurrentUser() user: User,
    @Body() body: { current: string; next: string },
  ): Promise<void> {
    const { passwordHash } = await this.users.findOneOrFail({
      where: { id: user.id },
      select: { passwordHash: true },
    });
    if (!(await verify(passwordHash, body.current))) throw new UnauthorizedException();
    await this.invalidator.changePassword(user.id, {
      currentHash: passwordHash,
      newHash: await hashPassword(body.next),
    });
  }
}

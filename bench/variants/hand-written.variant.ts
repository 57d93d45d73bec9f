import {
  Controller,
  Get,
  Injectable,
  Request,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { AuthGuard, PassportStrategy } from '@nestjs/passport';
import { InjectRepository, TypeOrmModule } from '@nestjs/typeorm';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { DataSource, type Repository } from 'typeorm';
import { User } from '../user.entity.js';
import { startApp } from './app.js';
import { findUsers } from './find-users.js';
import { forge } from './forge.js';
import { bearer, SECRET } from './jwt.js';
import { JWT_MODULES } from './jwt-modules.js';
import { PLATFORMS, type Variant } from './variant.js';

/** The common tutorial: the guard of the Nest docs, whose `validate` finds the user and compares. */
export const handWritten: Variant = {
  name: 'hand-written',
  title: 'hand-written, findOneBy in validate',
  platforms: PLATFORMS,
  revokedStatus: 401,
  forgedStatus: 401,
  async start(context) {
    const { app, url } = await startApp(context, {
      imports: [...JWT_MODULES, TypeOrmModule.forFeature([User])],
      controllers: [MeController],
      providers: [JwtStrategy],
    });
    const jwt = app.get(JwtService);
    const users = await findUsers(app, User, context);
    const [revoked, ...credentials] = users.map(({ id, tokenVersion }) =>
      bearer(jwt.sign({ sub: id, ver: tokenVersion })),
    );
    await app
      .get(DataSource)
      .query(
        'UPDATE users SET token_version = token_version + 1, logout_all_at = now() WHERE id = $1',
        [context.revokedUserId],
      );
    return {
      url,
      credentials,
      revoked: revoked!,
      forged: forge(revoked!),
      close: () => app.close(),
    };
  },
};

interface Payload {
  readonly sub: string;
  readonly ver: number;
  readonly iat: number;
}

@Injectable()
class JwtStrategy extends PassportStrategy(Strategy) {
  constructor(@InjectRepository(User) private readonly users: Repository<User>) {
    super({
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      ignoreExpiration: false,
      secretOrKey: SECRET,
    });
  }

  async validate(payload: Payload): Promise<User> {
    const user = await this.users.findOneBy({ id: payload.sub });
    if (!user || !user.active || payload.ver !== user.tokenVersion)
      throw new UnauthorizedException();
    for (const cutoff of [user.passwordChangedAt, user.logoutAllAt]) {
      if (cutoff && payload.iat < Math.floor(cutoff.getTime() / 1000))
        throw new UnauthorizedException();
    }
    return user;
  }
}

@Controller()
class MeController {
  @UseGuards(AuthGuard('jwt'))
  @Get('me')
  me(@Request() request: { user: User }): { id: string } {
    return { id: request.user.id };
  }
}

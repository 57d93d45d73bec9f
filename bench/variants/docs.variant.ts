import { Controller, Get, Injectable, Request, UseGuards } from '@nestjs/common';
import { JwtModule, JwtService } from '@nestjs/jwt';
import { AuthGuard, PassportModule, PassportStrategy } from '@nestjs/passport';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { startApp } from './app.js';
import { forge } from './forge.js';
import { bearer, EXPIRES_IN, SECRET } from './jwt.js';
import { PLATFORMS, type Variant } from './variant.js';

/** What https://docs.nestjs.com/recipes/passport ends with. A token is good until it expires. */
export const docs: Variant = {
  name: 'docs',
  title: "AuthGuard('jwt') after the Nest docs",
  platforms: PLATFORMS,
  revokedStatus: 200,
  forgedStatus: 401,
  async start(context) {
    const { app, url } = await startApp(context, {
      imports: [
        PassportModule,
        JwtModule.register({ secret: SECRET, signOptions: { expiresIn: EXPIRES_IN } }),
      ],
      controllers: [MeController],
      providers: [JwtStrategy],
    });
    const jwt = app.get(JwtService);
    const credential = (id: string) => bearer(jwt.sign({ sub: id, username: 'someone' }));
    const revoked = credential(context.revokedUserId);
    return {
      url,
      credentials: context.userIds.map(credential),
      revoked,
      forged: forge(revoked),
      close: () => app.close(),
    };
  },
};

@Injectable()
class JwtStrategy extends PassportStrategy(Strategy) {
  constructor() {
    super({
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      ignoreExpiration: false,
      secretOrKey: SECRET,
    });
  }

  validate(payload: { sub: string; username: string }): { userId: string; username: string } {
    return { userId: payload.sub, username: payload.username };
  }
}

@Controller()
class MeController {
  @UseGuards(AuthGuard('jwt'))
  @Get('me')
  me(@Request() request: { user: { userId: string } }): { id: string } {
    return { id: request.user.userId };
  }
}

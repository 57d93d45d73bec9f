import type { KeyObject } from 'node:crypto';
import { Controller, Get, Request, UseGuards } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { AuthGuard, PassportStrategy } from '@nestjs/passport';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { startApp } from './app.js';
import { forge } from './forge.js';
import { bearer, SECRET } from './jwt.js';
import { JWT_MODULES } from './jwt-modules.js';
import { PLATFORMS, type RunningVariant, type Variant, type VariantContext } from './variant.js';

/** What https://docs.nestjs.com/recipes/passport ends with. A token is good until it expires. */
export const docs: Variant = {
  name: 'docs',
  title: "AuthGuard('jwt') after the Nest docs",
  platforms: PLATFORMS,
  revokedStatus: 200,
  forgedStatus: 401,
  start: (context) => startAfterDocs(context, SECRET),
};

/** The chapter's application, with a key of either kind. */
export async function startAfterDocs(
  context: VariantContext,
  key: string | KeyObject,
): Promise<RunningVariant> {
  const { app, url } = await startApp(context, {
    imports: JWT_MODULES,
    controllers: [MeController],
    providers: [{ provide: JwtStrategy, useFactory: () => new JwtStrategy(key) }],
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
}

class JwtStrategy extends PassportStrategy(Strategy) {
  constructor(key: string | KeyObject) {
    super({
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      ignoreExpiration: false,
      // Its types don't know that jsonwebtoken takes a KeyObject.
      secretOrKey: key as string,
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

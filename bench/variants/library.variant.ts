import { Controller, Get } from '@nestjs/common';
import {
  CurrentUser,
  TokenInvalidationModule,
  TokenInvalidator,
  TokenIssuer,
} from 'nestjs-token-invalidation';
import { DataSource, In } from 'typeorm';
import { User } from '../user.entity.js';
import { startApp } from './app.js';
import { forge } from './forge.js';
import { bearer, EXPIRES_IN, SECRET } from './jwt.js';
import { PLATFORMS, type Variant } from './variant.js';

/** This library as the README sets it up: the whole user is loaded for every request. */
export const library: Variant = {
  name: 'library',
  title: 'nestjs-token-invalidation',
  platforms: PLATFORMS,
  revokedStatus: 401,
  forgedStatus: 401,
  async start(context) {
    const { app, url } = await startApp(context, {
      imports: [tokenInvalidation()],
      controllers: [MeController],
    });
    const issuer = app.get<TokenIssuer<User>>(TokenIssuer);
    const ids = [context.revokedUserId, ...context.userIds];
    const found = await app
      .get(DataSource)
      .getRepository(User)
      .findBy({ id: In(ids) });
    const users = new Map(found.map((user) => [user.id, user]));
    const [revoked, ...credentials] = ids.map((id) => bearer(issuer.issue(users.get(id)!)));
    await app.get(TokenInvalidator).logoutEverywhere(context.revokedUserId);
    return {
      url,
      credentials,
      revoked: revoked!,
      forged: forge(credentials[0]!),
      close: () => app.close(),
    };
  },
};

function tokenInvalidation() {
  return TokenInvalidationModule.forRoot({
    entity: User,
    secret: SECRET,
    expiresIn: EXPIRES_IN,
    isActive: (user: User) => user.active,
    globalGuard: true,
    isGlobal: true,
  });
}

@Controller()
class MeController {
  @Get('me')
  me(@CurrentUser() user: User): { id: string } {
    return { id: user.id };
  }
}

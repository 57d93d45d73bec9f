import { Controller, type DynamicModule, Get, type Type } from '@nestjs/common';
import { CurrentUser, TokenInvalidator, TokenIssuer } from 'nestjs-token-invalidation';
import type { UserRow } from '../user-entity.js';
import { findUsers } from './find-users.js';
import { forge } from './forge.js';
import { bearer } from './jwt.js';
import { startUsersApp } from './users-app.js';
import type { RunningVariant, VariantContext } from './variant.js';

/** What a version of the library needs its own way. */
export interface LibraryParts {
  readonly entity: Type<UserRow>;
  readonly module: DynamicModule;
}

/** The application of every version of the library: the whole user is loaded for every request. */
export async function startLibrary(
  context: VariantContext,
  { entity, module }: LibraryParts,
): Promise<RunningVariant> {
  const parts = { imports: [module], controllers: [MeController] };
  const { app, url } = await startUsersApp(context, entity, parts);
  const issuer = app.get<TokenIssuer<UserRow>>(TokenIssuer);
  const users = await findUsers(app, entity, context);
  const [revoked, ...credentials] = users.map((user) => bearer(issuer.issue(user)));
  await app.get(TokenInvalidator).logoutEverywhere(context.revokedUserId);
  return {
    url,
    credentials,
    revoked: revoked!,
    forged: forge(credentials[0]!),
    close: () => app.close(),
  };
}

@Controller()
export class MeController {
  @Get('me')
  me(@CurrentUser() user: UserRow): { id: string } {
    return { id: user.id };
  }
}

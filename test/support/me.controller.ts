import { Controller, Get } from '@nestjs/common';
import { CurrentUser, TokenClaims } from 'nestjs-token-invalidation';

/** The user and the claims of the request, as the guard left them. */
@Controller()
export class MeController {
  @Get('me')
  me(@CurrentUser() user?: object, @TokenClaims() claims?: TokenClaims): object {
    return { user, claims };
  }
}

import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { startApp } from './app.js';
import { forge } from './forge.js';
import { bearer } from './jwt.js';
import { type Credential, PLATFORMS, type Variant } from './variant.js';

/** The floor: no guard, and headers as long as those of the others. */
export const open: Variant = {
  name: 'open',
  title: 'open route, no guard',
  platforms: PLATFORMS,
  revokedStatus: 200,
  forgedStatus: 200,
  async start(context) {
    const { app, url } = await startApp(context, { controllers: [MeController] });
    const credentials = context.userIds.map(unread);
    const revoked = unread(context.revokedUserId);
    return {
      url,
      credentials,
      revoked,
      forged: forge(revoked),
      startSessions: ({ count }) =>
        Promise.resolve({ path: '/auth/refresh', credentials: Array(count).fill('x'.repeat(103)) }),
      close: () => app.close(),
    };
  },
};

@Controller()
class MeController {
  @Get('me')
  me(): { id: string } {
    return { id: 'anyone' };
  }

  /** The floor of a refresh: an answer as long as those of the others, and nothing done for it. */
  @Post('auth/refresh')
  @HttpCode(200)
  refresh(@Body() { refresh_token: token }: { refresh_token: string }): object {
    return {
      access_token: ACCESS_TOKEN,
      token_type: 'Bearer',
      expires_in: 900,
      refresh_token: token,
    };
  }
}

const ACCESS_TOKEN = 'x'.repeat(330);

/** As long as a token with seven claims. */
function unread(userId: string): Credential {
  const part = userId.replaceAll('-', '');
  return bearer(`${part}${part}.${part.repeat(7)}.${part}`);
}

import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { TokenInvalidationModule } from 'nestjs-token-invalidation';
import { AdminModule } from './admin/admin.module.js';
import { AuthModule } from './auth/auth.module.js';

const ERROR = {
  type: 'object',
  properties: {
    statusCode: { type: 'integer' },
    error: { type: 'string' },
    message: { type: 'string' },
    errorCode: { type: 'string', description: 'Stable: programs may rely on it' },
  },
} as const;

const REFUSED =
  'No token, or one that does not hold. errorCode says why: token_missing, token_invalid, claims_invalid, ' +
  'issued_in_future, not_yet_valid, token_expired, user_unknown, user_inactive, version_stale, version_ahead, ' +
  'password_changed, logged_out_everywhere, everyone_logged_out, session_ended, session_expired, session_idle or ' +
  'reauthentication_required; of a refresh token refresh_invalid, refresh_reused or session_ahead. ' +
  'WWW-Authenticate has the challenge (RFC 6750, RFC 9470).';

const UNAVAILABLE =
  'The token cannot be checked at the moment (errorCode token_state_unavailable). Keep it, and try again after Retry-After seconds.';

/** Serves the API's documentation at `/docs`. What only the page needs is left out. */
export function serveOpenApi(app: INestApplication): void {
  const content = { 'application/json': { schema: ERROR } };
  const config = new DocumentBuilder()
    .setTitle('Accounts with revocable tokens')
    .addBearerAuth()
    .addSecurityRequirements('bearer')
    .addGlobalResponse({ status: 401, description: REFUSED, content })
    .addGlobalResponse({ status: 503, description: UNAVAILABLE, content })
    .build();
  const include = [AuthModule, AdminModule, TokenInvalidationModule];
  SwaggerModule.setup('docs', app, () => SwaggerModule.createDocument(app, config, { include }));
}

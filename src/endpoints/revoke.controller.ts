import {
  Controller,
  HttpCode,
  Inject,
  Injectable,
  Post,
  Req,
  Res,
  type Type,
} from '@nestjs/common';
import { HTTP_SETTINGS, type HttpSettings } from '../http/http-settings.js';
import { forbidStorage, type HeaderWriter } from '../http/http-answers.js';
import { Public } from '../http/public.decorator.js';
import type { TokenClaims } from '../rule/claims.js';
import type { SessionCall } from '../sessions/session-calls.js';
import { TokenSessions } from '../sessions/token-sessions.service.js';
import { TokenVerifier } from '../tokens/token-verifier.service.js';
import { answering } from './endpoint-errors.js';
import type { EndpointsOptions } from './endpoints-options.js';
import { OAuthException, type OAuthRequest, requireCaller, tokenOf } from './oauth-answers.js';
import { DocumentRevoke } from './openapi-oauth.js';

/** Where the request came from. */
type Origin = Pick<SessionCall<unknown>, 'address'>;

/** `POST <path>/revoke` (RFC 7009). A token that is unknown or invalid already is no error: 200. */
export function revokeController(endpoints: EndpointsOptions): Type<object> {
  const { path, version, revoke } = endpoints;
  @Controller({ path, ...(version !== undefined && { version }) })
  class RevokeController extends Revocation {
    @DocumentRevoke(endpoints)
    @Public()
    @Post('revoke')
    @HttpCode(200)
    revoke(
      @Req() request: OAuthRequest,
      @Res({ passthrough: true }) response: HeaderWriter,
    ): Promise<void> {
      forbidStorage(response);
      return answering(response, this.settings, async () => {
        const token = tokenOf(request);
        const { ip: address } = request;
        if (!isAccessToken(token)) return this.revokeRefreshToken(token, { address });
        if (typeof revoke !== 'function') throw new OAuthException(400, 'unsupported_token_type');
        await requireCaller(revoke, request, response);
        return this.revokeAccessToken(token, { address });
      });
    }
  }
  return RevokeController;
}

/** What the endpoint does, wherever it is. */
@Injectable()
class Revocation {
  constructor(
    private readonly sessions: TokenSessions,
    private readonly verifier: TokenVerifier,
    @Inject(HTTP_SETTINGS) protected readonly settings: HttpSettings,
  ) {}

  protected async revokeRefreshToken(token: string, origin: Origin): Promise<void> {
    await this.sessions.logout(token, origin);
  }

  protected async revokeAccessToken(token: string, origin: Origin): Promise<void> {
    const verdict = await this.verifier.verify(token);
    if (verdict.accepted) await this.revokeAccepted(verdict.claims, origin);
  }

  /** That token alone where the application keeps revoked ones; otherwise its session, as RFC 7009 section 2.1 allows. */
  private async revokeAccepted(claims: TokenClaims, origin: Origin): Promise<void> {
    if (this.sessions.revokesTokens && claims.jti !== undefined) {
      return this.sessions.revokeToken(claims, origin);
    }
    if (claims.sid === undefined) throw new OAuthException(400, 'unsupported_token_type');
    await this.sessions.end(claims.sid, { of: claims.sub, reason: 'logged_out', ...origin });
  }
}

/** A JWS has three parts, and a refresh token has no dot. */
function isAccessToken(token: string): boolean {
  return token.split('.', 4).length === 3;
}

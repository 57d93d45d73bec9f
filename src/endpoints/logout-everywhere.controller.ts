import {
  BadRequestException,
  Body,
  Controller,
  HttpCode,
  Inject,
  Injectable,
  Post,
  Req,
  Res,
  type Type,
  UseGuards,
} from '@nestjs/common';
import type { AuthenticatedRequest } from '../http/contexts/graphql-context.js';
import { unauthorized } from '../http/http-answers.js';
import { HTTP_SETTINGS, type HttpSettings } from '../http/http-settings.js';
import { RevocableJwtGuard } from '../http/revocable-jwt.guard.js';
import type { InvalidationReceipt } from '../invalidation/receipt.js';
import type { TokenClaims } from '../rule/claims.js';
import { TokenSessions } from '../sessions/token-sessions.service.js';
import { TokenIssuer } from '../tokens/token-issuer.service.js';
import { answering } from './endpoint-errors.js';
import { EndpointLogout } from './endpoint-logout.js';
import type { EndpointsOptions } from './endpoints-options.js';
import { DocumentLogoutEverywhere } from './openapi.js';
import { type CookieWriter, SessionAnswers } from './session-answers.js';
import type { TokenResponse } from './token-response.js';

/** The response, as far as its status can be set on both platforms. */
type Reply = CookieWriter & { status(code: number): unknown };

/** As much of a request as is read: Express and Fastify have it. */
interface CallerRequest extends AuthenticatedRequest {
  readonly ip?: string;
}

/** The user who asks to be logged out. */
interface Caller {
  readonly claims: TokenClaims;
  readonly user: unknown;
  readonly address: string | undefined;
}

/**
 * `POST <path>/logout-everywhere`: invalidates every token of the caller. The body `{ "keepThisDevice": true }` asks
 * for a fresh token, so that the calling device stays logged in: 200 with a token response. Otherwise 204.
 */
export function logoutEverywhereController(endpoints: EndpointsOptions): Type<object> {
  const { path, version } = endpoints;
  @Controller({ path, ...(version !== undefined && { version }) })
  class LogoutEverywhereController extends LogoutEverywhere {
    @DocumentLogoutEverywhere(endpoints)
    @Post('logout-everywhere')
    @HttpCode(204)
    @UseGuards(RevocableJwtGuard)
    logoutEverywhere(
      @Req() { authInfo, user, ip: address }: CallerRequest,
      @Body() body: unknown,
      @Res({ passthrough: true }) response: Reply,
    ): Promise<unknown> {
      const caller = { claims: authInfo as TokenClaims, user, address };
      return answering(response, this.settings, () =>
        wantsToKeepThisDevice(body)
          ? this.logoutElsewhere(caller, response)
          : this.logout(caller, response),
      );
    }
  }
  return LogoutEverywhereController;
}

/** What the endpoint does, wherever it is. */
@Injectable()
class LogoutEverywhere {
  @Inject(HTTP_SETTINGS)
  protected readonly settings!: HttpSettings;

  @Inject(SessionAnswers)
  private readonly answers!: SessionAnswers;

  constructor(
    private readonly logouts: EndpointLogout,
    private readonly issuer: TokenIssuer,
    private readonly sessions: TokenSessions,
  ) {}

  protected async logout({ claims, address }: Caller, response: Reply): Promise<void> {
    await this.logouts.of(claims, address);
    this.answers.clear(response);
  }

  /** The calling device goes on: under a new session if it has one, otherwise with a fresh token. */
  protected async logoutElsewhere(
    { claims, user, address }: Caller,
    response: Reply,
  ): Promise<unknown> {
    const { sid } = claims;
    if (sid === undefined || !this.sessions.areOn) {
      const fresh = this.tokenResponse(await this.logouts.of(claims, address), claims);
      response.status(200);
      return this.answers.writeBody(response, fresh);
    }
    const kept = await this.logouts.elsewhere(claims, { sid, user, address });
    if (!kept.accepted) throw unauthorized(response, kept);
    response.status(200);
    return this.answers.write(response, kept);
  }

  private tokenResponse(receipt: InvalidationReceipt, claims: TokenClaims): TokenResponse {
    return {
      access_token: this.issuer.reissue(receipt, claims),
      token_type: 'Bearer',
      expires_in: this.issuer.expiresInSeconds,
    };
  }
}

function wantsToKeepThisDevice(body: unknown): boolean {
  const keep = (body as { keepThisDevice?: unknown } | null | undefined)?.keepThisDevice ?? false;
  if (typeof keep === 'boolean') return keep;
  throw new BadRequestException('keepThisDevice must be true or false');
}

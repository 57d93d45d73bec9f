import {
  BadRequestException,
  Body,
  Controller,
  HttpCode,
  Inject,
  Injectable,
  Post,
  Res,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { type HeaderWriter, unauthorized, unavailable } from '../http/http-answers.js';
import { HTTP_SETTINGS, type HttpSettings } from '../http/http-settings.js';
import { RevocableJwtGuard } from '../http/revocable-jwt.guard.js';
import { TokenClaims } from '../http/token-claims.decorator.js';
import { UserUnknownError, VersionConflictError } from '../invalidation/invalidation.errors.js';
import type { InvalidationReceipt } from '../invalidation/receipt.js';
import type { TokenClaims as Claims } from '../rule/claims.js';
import { TokenStateUnavailableError } from '../state/token-state-unavailable.error.js';
import { TokenIssuer } from '../tokens/token-issuer.service.js';
import { EndpointLogout } from './endpoint-logout.js';
import type { EndpointsOptions } from './endpoints-options.js';
import { DocumentLogoutEverywhere } from './openapi.js';
import type { TokenResponse } from './token-response.js';

/** The response, as far as its status can be set on both platforms. */
type Reply = HeaderWriter & { status(code: number): unknown };

/**
 * `POST <path>/logout-everywhere`: invalidates every token of the caller. The body `{ "keepThisDevice": true }` asks
 * for a fresh token, so that the calling device stays logged in: 200 with a token response. Otherwise 204.
 */
export function logoutEverywhereController(endpoints: EndpointsOptions): Type<object> {
  const { path, version, response: shape = (response) => response } = endpoints;
  @Controller({ path, ...(version !== undefined && { version }) })
  class LogoutEverywhereController extends LogoutEverywhere {
    @DocumentLogoutEverywhere(endpoints)
    @Post('logout-everywhere')
    @HttpCode(204)
    @UseGuards(RevocableJwtGuard)
    async logoutEverywhere(
      @TokenClaims() claims: Claims,
      @Body() body: unknown,
      @Res({ passthrough: true }) response: Reply,
    ): Promise<unknown> {
      const fresh = await this.answer(claims, body, response);
      return fresh && shape(fresh);
    }
  }
  return LogoutEverywhereController;
}

/** What the endpoint does, wherever it is. */
@Injectable()
class LogoutEverywhere {
  constructor(
    private readonly logout: EndpointLogout,
    private readonly issuer: TokenIssuer,
    @Inject(HTTP_SETTINGS) private readonly settings: HttpSettings,
  ) {}

  /** Invalidates; the fresh token when the calling device is to stay logged in. */
  protected async answer(
    claims: Claims,
    body: unknown,
    response: Reply,
  ): Promise<TokenResponse | undefined> {
    const keepThisDevice = wantsToKeepThisDevice(body);
    const receipt = await this.invalidate(claims, response);
    if (!keepThisDevice) return undefined;

    response.status(200);
    response.header('Cache-Control', 'no-store');
    return this.tokenResponse(receipt, claims);
  }

  private tokenResponse(receipt: InvalidationReceipt, claims: Claims): TokenResponse {
    return {
      access_token: this.issuer.reissue(receipt, claims),
      token_type: 'Bearer',
      expires_in: this.issuer.expiresInSeconds,
    };
  }

  private async invalidate(claims: Claims, response: Reply): Promise<InvalidationReceipt> {
    try {
      return await this.logout.of(claims);
    } catch (error) {
      throw this.answerFor(error, response);
    }
  }

  private answerFor(error: unknown, response: Reply): unknown {
    if (error instanceof VersionConflictError) {
      return unauthorized(response, { reason: 'version_stale' });
    }
    if (error instanceof UserUnknownError) {
      return unauthorized(response, { reason: 'user_unknown' });
    }
    return error instanceof TokenStateUnavailableError
      ? unavailable(response, this.settings.retryAfterSeconds)
      : error;
  }
}

function wantsToKeepThisDevice(body: unknown): boolean {
  const keep = (body as { keepThisDevice?: unknown } | null | undefined)?.keepThisDevice ?? false;
  if (typeof keep === 'boolean') return keep;
  throw new BadRequestException('keepThisDevice must be true or false');
}

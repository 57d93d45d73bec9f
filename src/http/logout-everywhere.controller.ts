import {
  BadRequestException,
  Body,
  Controller,
  HttpCode,
  Inject,
  Post,
  Res,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { UserUnknownError, VersionConflictError } from '../invalidation/invalidation.errors.js';
import { TokenInvalidator } from '../invalidation/token-invalidator.service.js';
import type { TokenClaims as Claims } from '../rule/claims.js';
import { TokenStateUnavailableError } from '../state/token-state-unavailable.error.js';
import { TokenIssuer } from '../tokens/token-issuer.service.js';
import { type HeaderWriter, refused, unavailable } from './http-answers.js';
import { HTTP_SETTINGS, type HttpSettings } from './http-settings.js';
import { DocumentLogoutEverywhere } from './openapi.js';
import { RevocableJwtGuard } from './revocable-jwt.guard.js';
import { TokenClaims } from './token-claims.decorator.js';

/** A token response (RFC 6749 section 5.1). */
export interface TokenResponse {
  readonly access_token: string;
  readonly token_type: 'Bearer';
  /** Seconds. */
  readonly expires_in: number;
}

/** The response, as far as its status can be set on both platforms. */
type Reply = HeaderWriter & { status(code: number): unknown };

/**
 * `POST <path>/logout-everywhere`: ends every token of the caller. The body `{ "keepThisDevice": true }` asks for a
 * fresh token, so that the calling device stays in: 200 with a token response. Otherwise 204.
 */
export function logoutEverywhereController(path: string): Type<object> {
  @Controller(path)
  class LogoutEverywhereController {
    constructor(
      private readonly invalidator: TokenInvalidator,
      private readonly issuer: TokenIssuer,
      @Inject(HTTP_SETTINGS) private readonly settings: HttpSettings,
    ) {}

    @DocumentLogoutEverywhere()
    @Post('logout-everywhere')
    @HttpCode(204)
    @UseGuards(RevocableJwtGuard)
    async logoutEverywhere(
      @TokenClaims() claims: Claims,
      @Body() body: unknown,
      @Res({ passthrough: true }) response: Reply,
    ): Promise<TokenResponse | undefined> {
      const keepThisDevice = wantsToKeepThisDevice(body);
      const receipt = await this.invalidate(claims, response);
      if (!keepThisDevice) return undefined;

      response.status(200);
      response.header('Cache-Control', 'no-store');
      return {
        access_token: this.issuer.reissue(receipt, claims),
        token_type: 'Bearer',
        expires_in: this.issuer.expiresInSeconds,
      };
    }

    /** Only while the token's version is the user's: between the guard and here another invalidation may have ended it. */
    private async invalidate(claims: Claims, response: Reply) {
      try {
        return await this.invalidator.logoutEverywhere(claims.sub, { ifVersion: claims.ver ?? 0 });
      } catch (error) {
        if (error instanceof VersionConflictError)
          throw refused(response, { reason: 'version_stale' });
        if (error instanceof UserUnknownError) throw refused(response, { reason: 'user_unknown' });
        if (error instanceof TokenStateUnavailableError) {
          throw unavailable(response, this.settings.retryAfterSeconds);
        }
        throw error;
      }
    }
  }
  return LogoutEverywhereController;
}

function wantsToKeepThisDevice(body: unknown): boolean {
  const keep = (body as { keepThisDevice?: unknown } | null | undefined)?.keepThisDevice ?? false;
  if (typeof keep === 'boolean') return keep;
  throw new BadRequestException('keepThisDevice must be true or false');
}

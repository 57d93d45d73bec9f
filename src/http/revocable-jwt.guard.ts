import {
  type CanActivate,
  type ExecutionContext,
  Inject,
  Injectable,
  Optional,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { TokenStateUnavailableError } from '../state/token-state-unavailable.error.js';
import { TokenVerifier, type Verdict } from '../tokens/token-verifier.service.js';
import { type HeaderWriter, unauthorized, unavailable } from './http-answers.js';
import { HTTP_SETTINGS, type HttpSettings } from './http-settings.js';
import { RouteAccessReader } from './route-access.js';
import { TurnBatch } from './turn-batch.js';

/** As much of a request as the guard writes. */
export interface AuthenticatedRequest {
  /** The user's record. */
  user?: unknown;
  /** The claims of the token. */
  authInfo?: unknown;
}

/**
 * Lets a request pass whose token is accepted, and sets the user as `request.user` and the claims as
 * `request.authInfo`. Otherwise 401 with the reason, or 503 when the user could not be read in time.
 *
 * Works on Express and on Fastify, on a controller or a route, or globally (`globalGuard: true`).
 *
 * @example
 * ```ts
 * @UseGuards(RevocableJwtGuard)
 * @Controller('orders')
 * export class OrdersController {}
 * ```
 */
@Injectable()
export class RevocableJwtGuard implements CanActivate {
  private readonly routes: RouteAccessReader;
  private readonly refusals = new TurnBatch();
  private readonly verifier: TokenVerifier;
  private readonly settings: HttpSettings;

  constructor(
    reflector: Reflector,
    @Optional() verifier?: TokenVerifier,
    @Optional() @Inject(HTTP_SETTINGS) settings?: HttpSettings,
  ) {
    if (verifier === undefined || settings === undefined) {
      throw new Error(
        'RevocableJwtGuard is used in a module that does not see TokenInvalidationModule: add TokenInvalidationModule.forRoot({ … }) to the imports of the root module with isGlobal: true, or to the imports of this module.',
      );
    }
    this.verifier = verifier;
    this.settings = settings;
    this.routes = new RouteAccessReader(reflector, settings.publicMetadataKey);
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { kind, maxAuthAge } = this.routes.of(context);
    if (kind === 'public') return true;

    const verdict = await this.judge(context, maxAuthAge);
    if (verdict.accepted) {
      const request = this.getRequest(context);
      request.user = verdict.user;
      request.authInfo = verdict.claims;
      return true;
    }
    if (kind === 'optional' && verdict.reason === 'token_missing') return true;
    await this.refusals.endOfTurn();
    throw unauthorized(this.getResponse(context), verdict, maxAuthAge);
  }

  /** Override it where the context has its request elsewhere than HTTP does, as in GraphQL. */
  protected getRequest(context: ExecutionContext): AuthenticatedRequest {
    return this.http(context).getRequest();
  }

  /** Override it together with `getRequest`. */
  protected getResponse(context: ExecutionContext): HeaderWriter {
    return this.http(context).getResponse();
  }

  private async judge(
    context: ExecutionContext,
    maxAuthAge: number | undefined,
  ): Promise<Verdict<unknown>> {
    try {
      const token = this.settings.jwtFromRequest(this.getRequest(context));
      return await this.verifier.verify(token, { maxAuthAge });
    } catch (error) {
      if (!(error instanceof TokenStateUnavailableError)) throw error;
      throw unavailable(this.getResponse(context), this.settings.retryAfterSeconds);
    }
  }

  private http(context: ExecutionContext): ReturnType<ExecutionContext['switchToHttp']> {
    if (context.getType() === 'http') return context.switchToHttp();
    throw new Error(
      `RevocableJwtGuard guards HTTP and was called for "${context.getType()}": override its getRequest() and getResponse(), or call TokenVerifier there.`,
    );
  }
}

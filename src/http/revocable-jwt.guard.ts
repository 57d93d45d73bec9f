import {
  type CanActivate,
  type ExecutionContext,
  Inject,
  Injectable,
  Optional,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { TokenStateUnavailableError } from '../state/token-state-unavailable.error.js';
import { TokenVerifier } from '../tokens/token-verifier.service.js';
import type { Verdict } from '../tokens/verdict.js';
import { CallGuard } from './contexts/call-guard.js';
import { writeCaller } from './contexts/caller.js';
import type { AuthenticatedRequest } from './contexts/graphql-context.js';
import { unauthorized, unavailable } from './http-answers.js';
import { HTTP_SETTINGS, type HttpSettings } from './http-settings.js';
import { hasPassed, notePassed } from './passed-calls.js';
import { type RouteAccess, RouteAccessReader } from './route-access.js';
import { TurnBatch } from './turn-batch.js';

type HttpArgumentsHost = ReturnType<ExecutionContext['switchToHttp']>;

/**
 * Lets a call pass whose token is accepted. Otherwise it answers the reason as the context does: 401 in HTTP, an error
 * with `extensions.code` in GraphQL, an exception with `errorCode` over sockets and RPC, UNAUTHENTICATED in gRPC. When
 * the user could not be read in time: 503, `token_state_unavailable`, UNAVAILABLE.
 *
 * Works on Express and on Fastify, for GraphQL of any driver, on gateways and on microservices; on a class, a handler,
 * or globally (`globalGuard: true`). In HTTP it sets the user as `request.user` and the claims as `request.authInfo`.
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
  private readonly calls: CallGuard;

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
    this.calls = new CallGuard(verifier, settings);
  }

  canActivate(context: ExecutionContext): Promise<boolean> {
    if (hasPassed(context, this.verifier)) return Promise.resolve(true);
    const access = this.routes.of(context);
    return context.getType() === 'http'
      ? this.admitRequest(context, access)
      : this.calls.canActivate(context, access);
  }

  private async admitRequest(
    context: ExecutionContext,
    { kind, maxAuthAge }: RouteAccess,
  ): Promise<boolean> {
    if (kind === 'public') return true;

    const http = context.switchToHttp();
    const request = http.getRequest<AuthenticatedRequest>();
    const verdict = await this.judge(request, http, maxAuthAge);
    if (verdict.accepted) {
      writeCaller(request, verdict);
      notePassed(context, this.verifier);
      return true;
    }
    if (kind === 'optional' && verdict.reason === 'token_missing') return true;
    await this.refusals.endOfTurn();
    throw unauthorized(http.getResponse(), verdict, maxAuthAge);
  }

  private async judge(
    request: AuthenticatedRequest,
    http: HttpArgumentsHost,
    maxAuthAge: number | undefined,
  ): Promise<Verdict<unknown>> {
    try {
      return await this.verifier.verify(this.settings.jwtFromRequest(request), { maxAuthAge });
    } catch (error) {
      if (!(error instanceof TokenStateUnavailableError)) throw error;
      throw unavailable(http.getResponse(), this.settings.retryAfterSeconds);
    }
  }
}

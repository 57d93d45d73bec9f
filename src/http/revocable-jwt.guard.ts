import { setImmediate } from 'node:timers';
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
import { type HeaderWriter, refused, unavailable } from './http-answers.js';
import { HTTP_SETTINGS, type HttpSettings } from './http-settings.js';
import { RouteAccessReader } from './route-access.js';
import { RevocableJwtStrategy } from './revocable-jwt.strategy.js';

interface AuthenticatedRequest {
  user?: unknown;
  authInfo?: unknown;
}

/**
 * Lets a request pass whose token holds, and puts the user on it as `request.user` and the claims as
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

  constructor(
    reflector: Reflector,
    @Optional() private readonly strategy: RevocableJwtStrategy,
    @Optional() private readonly verifier: TokenVerifier,
    @Optional() @Inject(HTTP_SETTINGS) private readonly settings: HttpSettings,
  ) {
    this.routes = new RouteAccessReader(reflector);
    if (!strategy) {
      throw new Error(
        'RevocableJwtGuard is used in a module that does not see TokenInvalidationModule: add TokenInvalidationModule.forRoot({ … }) to the imports of the root module with isGlobal: true, or to the imports of this module.',
      );
    }
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = this.routes.of(context);
    if (access.isOpen) return true;

    const { maxAuthAge } = access;
    const verdict = await this.judge(context, maxAuthAge);
    if (verdict.accepted) {
      const request = this.getRequest(context);
      request.user = verdict.user;
      request.authInfo = verdict.claims;
      return true;
    }
    if (access.admitsAnonymous && verdict.reason === 'token_missing') return true;
    await endOfTurn();
    throw refused(this.getResponse(context), verdict, maxAuthAge);
  }

  /** Override it where the request is not where HTTP has it, as in GraphQL. */
  protected getRequest(context: ExecutionContext): AuthenticatedRequest {
    return this.http(context).getRequest();
  }

  protected getResponse(context: ExecutionContext): HeaderWriter {
    return this.http(context).getResponse();
  }

  private async judge(
    context: ExecutionContext,
    maxAuthAge: number | undefined,
  ): Promise<Verdict<unknown>> {
    try {
      const verdict = await this.strategy.judge(this.getRequest(context));
      if (!verdict.accepted) return verdict;
      if (maxAuthAge === undefined) return verdict;
      return this.verifier.requireRecentLogin(verdict.claims, maxAuthAge) ?? verdict;
    } catch (error) {
      if (!(error instanceof TokenStateUnavailableError)) throw error;
      throw unavailable(this.getResponse(context), this.settings.retryAfterSeconds);
    }
  }

  private http(context: ExecutionContext): ReturnType<ExecutionContext['switchToHttp']> {
    if (context.getType() === 'http') return context.switchToHttp();
    throw new Error(
      `RevocableJwtGuard guards HTTP and was asked about "${context.getType()}": override its getRequest() and getResponse(), or ask TokenVerifier there.`,
    );
  }
}

let turn: Promise<void> | undefined;

/**
 * Refusals are answered together, as the good requests of a read are: to write an answer costs most when it is a single
 * one, and an attack would be dearer than the requests that it is mixed with. With a promise of its own each would go
 * all its way before the next one began; with the same promise they go step by step, and the answers stand together.
 */
function endOfTurn(): Promise<void> {
  // Not the global setImmediate, which fake timers replace: an application's tests would wait for ever.
  turn ??= new Promise((resolve) =>
    setImmediate(() => {
      turn = undefined;
      resolve();
    }),
  );
  return turn;
}

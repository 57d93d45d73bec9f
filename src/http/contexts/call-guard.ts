import { type ExecutionContext, Logger } from '@nestjs/common';
import { TokenStateUnavailableError } from '../../state/token-state-unavailable.error.js';
import type { TokenVerifier } from '../../tokens/token-verifier.service.js';
import type { Verdict } from '../../tokens/verdict.js';
import type { HttpSettings } from '../http-settings.js';
import { notePassed } from '../passed-calls.js';
import type { RouteAccess } from '../route-access.js';
import { answerOutage, answerRefusal, type CallAnswer } from './call-answer.js';
import type { Caller } from './caller.js';
import { createCarriers } from './carriers.js';
import { isEventHandler } from './message-handlers.js';
import type { TokenCarrier } from './token-carrier.js';

/** The guard's part outside of HTTP: the same steps, with a carrier for what differs. */
export class CallGuard {
  private readonly logger = new Logger('TokenInvalidation');
  private readonly carriers: Readonly<Record<string, TokenCarrier | undefined>>;

  constructor(
    private readonly verifier: TokenVerifier,
    private readonly settings: HttpSettings,
  ) {
    this.carriers = createCarriers(settings);
  }

  async canActivate(context: ExecutionContext, access: RouteAccess): Promise<boolean> {
    const { kind, maxAuthAge } = access;
    const carrier = this.carrierOf(context);
    if (kind === 'public') return this.pass(context, carrier);
    let verdict: Verdict<unknown>;
    try {
      verdict = await this.judge(context, maxAuthAge, carrier);
    } catch (error) {
      if (!(error instanceof TokenStateUnavailableError)) throw error;
      throw this.errorFor(context, answerOutage(this.settings.retryAfterSeconds), carrier);
    }
    if (verdict.accepted) return this.pass(context, carrier, verdict);
    const isAnonymous = kind === 'optional' && verdict.reason === 'token_missing';
    if (isAnonymous) return this.pass(context, carrier);
    throw this.errorFor(context, answerRefusal(verdict.reason, maxAuthAge), carrier);
  }

  private judge(
    context: ExecutionContext,
    maxAuthAge: number | undefined,
    carrier: TokenCarrier,
  ): Promise<Verdict<unknown>> {
    const judge = () => this.verifier.verify(carrier.tokenOf(context), { maxAuthAge });
    return carrier.share === undefined ? judge() : carrier.share(context, maxAuthAge, judge);
  }

  private pass(context: ExecutionContext, carrier: TokenCarrier, caller?: Caller): true {
    carrier.keepCaller(context, caller);
    notePassed(context, this.verifier);
    return true;
  }

  private errorFor(context: ExecutionContext, answer: CallAnswer, carrier: TokenCarrier): Error {
    if (context.getType() === 'rpc' && isEventHandler(context.getHandler())) {
      // Its sender waits for no answer, so the log is the one place that knows.
      this.logger.warn(
        `${context.getClass().name}.${context.getHandler().name} dropped an event: ${answer.errorCode}`,
      );
    }
    return carrier.errorFor(context, answer);
  }

  private carrierOf(context: ExecutionContext): TokenCarrier {
    const carrier = this.carriers[context.getType<string>()];
    if (carrier !== undefined) return carrier;
    throw new Error(
      `RevocableJwtGuard guards HTTP, GraphQL, WebSocket messages and RPC, and was called for "${context.getType()}": call TokenVerifier there.`,
    );
  }
}

import { type ArgumentsHost, type ExecutionContext, IntrinsicException } from '@nestjs/common';
import type { Verdict } from '../../tokens/verdict.js';
import type { HttpSettings } from '../http-settings.js';
import type { CallAnswer } from './call-answer.js';
import { type Caller, noteCaller, writeCaller } from './caller.js';
import {
  graphqlContext,
  graphqlHandshake,
  graphqlInfo,
  graphqlRequest,
  graphqlResponse,
} from './graphql-context.js';
import type { TokenCarrier } from './token-carrier.js';

type Judge = () => Promise<Verdict<unknown>>;

/** GraphQL of any driver, over HTTP and as subscriptions. Knows the arguments of a resolver, and no GraphQL package. */
export class GraphqlCarrier implements TokenCarrier {
  private readonly verdicts = new WeakMap<object, Map<unknown, Promise<Verdict<unknown>>>>();

  constructor(private readonly settings: HttpSettings) {}

  tokenOf(context: ExecutionContext): string | null {
    const graphql = graphqlContext(context);
    const handshake = graphqlHandshake(graphql);
    if (handshake !== undefined) return this.settings.handshake.tokenOf(handshake);
    const request = graphqlRequest(graphql);
    if (request.headers === undefined) {
      throw new TypeError(
        'RevocableJwtGuard finds no request in the GraphQL context: have its context function return { req } or { request }.',
      );
    }
    return this.settings.jwtFromRequest(request);
  }

  keepCaller(context: ExecutionContext, caller: Caller | undefined): void {
    if (caller === undefined) noteCaller(context);
    else writeCaller(graphqlRequest(graphqlContext(context)), caller);
  }

  /**
   * Sibling fields are resolved at the same time, and some drivers share a context among the operations of a
   * connection. So a verdict belongs to the execution.
   */
  share(context: ExecutionContext, demand: unknown, judge: Judge): Promise<Verdict<unknown>> {
    const execution = graphqlInfo(context).variableValues ?? graphqlContext(context);
    let verdicts = this.verdicts.get(execution);
    if (verdicts === undefined) this.verdicts.set(execution, (verdicts = new Map()));
    let verdict = verdicts.get(demand);
    if (verdict === undefined) verdicts.set(demand, (verdict = judge()));
    return verdict;
  }

  errorFor(context: ArgumentsHost, answer: CallAnswer): Error {
    const response = graphqlResponse(graphqlContext(context)) as { header?: unknown } | undefined;
    if (typeof response?.header === 'function') response.header(...answer.header);
    return new GraphqlRefusal(answer);
  }
}

/** Any GraphQL server takes over the `extensions` of an error that a resolver throws. Nest logs no intrinsic exception. */
class GraphqlRefusal extends IntrinsicException {
  readonly extensions: object;
  /** Mercurius answers with it. */
  readonly statusCode: number;

  constructor({ errorCode, message, status, maxAge }: CallAnswer) {
    super(message);
    this.statusCode = status;
    this.extensions = {
      code: errorCode,
      http: { status },
      ...(maxAge !== undefined && { maxAge }),
    };
  }
}

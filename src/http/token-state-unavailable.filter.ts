import { type ArgumentsHost, Catch, Inject, Injectable } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { TokenStateUnavailableError } from '../state/token-state-unavailable.error.js';
import { answerOutage } from './contexts/call-answer.js';
import { createCarriers } from './contexts/carriers.js';
import { type HeaderWriter, unavailable } from './http-answers.js';
import { HTTP_SETTINGS, type HttpSettings } from './http-settings.js';

/** A filter of Nest's own for one context. */
type NestFilter = new () => { catch(error: Error, host: ArgumentsHost): unknown };

/**
 * Answers an outage that the application lets through, such as one of `TokenInvalidator`: in HTTP with 503 and
 * `Retry-After`. Thrown on from here, it would leave the client of a socket or a microservice without an answer.
 */
@Injectable()
@Catch(TokenStateUnavailableError)
export class TokenStateUnavailableFilter extends BaseExceptionFilter<Error> {
  @Inject(HTTP_SETTINGS)
  private readonly settings!: HttpSettings;

  /** What it returns is the answer of an RPC message. */
  override catch(error: Error, host: ArgumentsHost): unknown {
    const type = host.getType<string>();
    const answer = answerOutage(this.settings.retryAfterSeconds);
    const carriers = createCarriers(this.settings);
    // oxlint-disable promise/valid-params, promise/no-promise-in-callback -- a filter's catch(), not a promise's
    if (type === 'ws') return filterOfSockets().catch(carriers.ws.errorFor(host, answer), host);
    if (type === 'rpc') return filterOfMessages().catch(carriers.rpc.errorFor(host, answer), host);
    if (type === 'graphql') throw carriers.graphql.errorFor(host, answer);
    if (type !== 'http') throw error;

    const response = host.switchToHttp().getResponse<HeaderWriter>();
    return super.catch(unavailable(response, this.settings.retryAfterSeconds), host);
  }
}

// A message of a context has arrived, so the application has its package.
function filterOfSockets(): InstanceType<NestFilter> {
  const { BaseWsExceptionFilter } = require('@nestjs/websockets') as {
    BaseWsExceptionFilter: NestFilter;
  };
  return new BaseWsExceptionFilter();
}

function filterOfMessages(): InstanceType<NestFilter> {
  const { BaseRpcExceptionFilter } = require('@nestjs/microservices') as {
    BaseRpcExceptionFilter: NestFilter;
  };
  return new BaseRpcExceptionFilter();
}

import { type ArgumentsHost, Catch, Inject } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { TokenStateUnavailableError } from '../state/token-state-unavailable.error.js';
import { type HeaderWriter, unavailable } from './http-answers.js';
import { HTTP_SETTINGS, type HttpSettings } from './http-settings.js';

/** Answers 503 with `Retry-After` where the application lets the error through, as one from `TokenInvalidator`. */
@Catch(TokenStateUnavailableError)
export class TokenStateUnavailableFilter extends BaseExceptionFilter<Error> {
  @Inject(HTTP_SETTINGS)
  private readonly settings!: HttpSettings;

  override catch(error: Error, host: ArgumentsHost): void {
    if (host.getType() !== 'http') throw error;
    const response = host.switchToHttp().getResponse<HeaderWriter>();
    const answer = unavailable(response, this.settings.retryAfterSeconds);
    // oxlint-disable-next-line promise/valid-params, promise/no-promise-in-callback -- a filter's catch(), not a promise's
    super.catch(answer, host);
  }
}

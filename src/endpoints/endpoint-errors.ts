import { type HeaderWriter, unauthorized, unavailable } from '../http/http-answers.js';
import type { HttpSettings } from '../http/http-settings.js';
import { UserUnknownError, VersionConflictError } from '../invalidation/invalidation.error.js';
import { TokenStateUnavailableError } from '../state/token-state-unavailable.error.js';

/** What an endpoint throws for an error of the services: the application's filter may know only HTTP exceptions. */
export function httpErrorFor(
  error: unknown,
  response: HeaderWriter,
  { retryAfterSeconds }: Pick<HttpSettings, 'retryAfterSeconds'>,
): unknown {
  if (error instanceof VersionConflictError) {
    return unauthorized(response, { reason: 'version_stale' });
  }
  if (error instanceof UserUnknownError) {
    return unauthorized(response, { reason: 'user_unknown' });
  }
  return error instanceof TokenStateUnavailableError
    ? unavailable(response, retryAfterSeconds)
    : error;
}

/** What `work` resolves to; or its error as an endpoint throws it. */
export async function answering<Answer>(
  response: HeaderWriter,
  settings: Pick<HttpSettings, 'retryAfterSeconds'>,
  work: () => Promise<Answer>,
): Promise<Answer> {
  try {
    return await work();
  } catch (error) {
    throw httpErrorFor(error, response, settings);
  }
}

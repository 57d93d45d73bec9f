import { type ArgumentsHost, Catch, ServiceUnavailableException } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { TokenStateUnavailableError } from 'nestjs-token-invalidation';
import { QueryFailedError } from 'typeorm';

/** Codes of Node, and of PostgreSQL: class 08 (connection), 57P (the server is shutting down or starting). */
const OUTAGE_CODES = /^(ECONN\w+|EPIPE|ETIMEDOUT|ENOTFOUND|08...|57P..)$/;

/** An outage of the database is a 503, as it is for the guard, and not a 500: clients may try again and stay logged in. */
@Catch()
export class DatabaseOutageFilter extends BaseExceptionFilter {
  override catch(exception: unknown, host: ArgumentsHost): void {
    // oxlint-disable-next-line promise/valid-params -- a filter's catch(), not a promise's
    super.catch(isOutage(exception) ? unavailable(host) : exception, host);
  }
}

function unavailable(host: ArgumentsHost): ServiceUnavailableException {
  const response = host.switchToHttp().getResponse<{ header(name: string, value: string): void }>();
  response.header('Retry-After', '1');
  return new ServiceUnavailableException({
    statusCode: 503,
    error: 'Service Unavailable',
    message: 'The database does not answer',
    errorCode: 'database_unavailable',
  });
}

function isOutage(exception: unknown): boolean {
  if (exception instanceof TokenStateUnavailableError) return true;
  const cause: unknown = exception instanceof QueryFailedError ? exception.driverError : exception;
  if (!(cause instanceof Error)) return false;
  const code: unknown = Reflect.get(cause, 'code');
  // pg has no code for a connection that ends under a query.
  return typeof code === 'string'
    ? OUTAGE_CODES.test(code)
    : cause.message.startsWith('Connection terminated');
}

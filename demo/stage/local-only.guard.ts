import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';

interface Headers {
  readonly host?: string;
  readonly origin?: string;
}

const LOCAL = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/;

/**
 * The stage has no login, and listening on 127.0.0.1 alone does not keep other websites off: the visitor's browser
 * would carry their requests here, also under a name of theirs that resolves to 127.0.0.1.
 */
@Injectable()
export class LocalOnlyGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { host, origin } = context.switchToHttp().getRequest<{ headers: Headers }>().headers;
    if (host === undefined || !LOCAL.test(host)) return false;
    return origin === undefined || origin === `http://${host}`;
  }
}

import {
  Controller,
  HttpCode,
  Inject,
  Injectable,
  Post,
  Req,
  Res,
  type Type,
} from '@nestjs/common';
import { HTTP_SETTINGS, type HttpSettings } from '../http/http-settings.js';
import { forbidStorage, type HeaderWriter } from '../http/http-answers.js';
import { Public } from '../http/public.decorator.js';
import { TokenVerifier } from '../tokens/token-verifier.service.js';
import { answering } from './endpoint-errors.js';
import type { CallerCheck, EndpointsOptions } from './endpoints-options.js';
import { type OAuthRequest, requireCaller, tokenOf } from './oauth-answers.js';
import { DocumentIntrospect } from './openapi-oauth.js';

/** What a service learns of a token (RFC 7662 section 2.2): nothing of one that is not active. */
type Introspection =
  { readonly active: false } | { readonly active: true; readonly [claim: string]: unknown };

/** `POST <path>/introspect` (RFC 7662): by the same rule as the guard, for services that the application knows. */
export function introspectController(
  endpoints: EndpointsOptions & { readonly introspect: CallerCheck },
): Type<object> {
  const { path, version, introspect } = endpoints;
  @Controller({ path, ...(version !== undefined && { version }) })
  class IntrospectController extends Introspecting {
    @DocumentIntrospect()
    @Public()
    @Post('introspect')
    @HttpCode(200)
    introspect(
      @Req() request: OAuthRequest,
      @Res({ passthrough: true }) response: HeaderWriter,
    ): Promise<Introspection> {
      forbidStorage(response);
      return answering(response, this.settings, async () => {
        await requireCaller(introspect, request, response);
        return this.answer(tokenOf(request));
      });
    }
  }
  return IntrospectController;
}

/** What the endpoint does, wherever it is. */
@Injectable()
class Introspecting {
  constructor(
    private readonly verifier: TokenVerifier,
    @Inject(HTTP_SETTINGS) protected readonly settings: HttpSettings,
  ) {}

  /** A refresh token is no access token, and so not active for a service that would accept it as one. */
  protected async answer(token: string): Promise<Introspection> {
    const verdict = await this.verifier.verify(token);
    if (!verdict.accepted) return { active: false };
    return { ...verdict.claims, active: true, token_type: 'Bearer' };
  }
}

import {
  Controller,
  Get,
  Inject,
  Injectable,
  Res,
  type Type,
  VERSION_NEUTRAL,
} from '@nestjs/common';
import type { HeaderWriter } from '../http/http-answers.js';
import { Public } from '../http/public.decorator.js';
import { DocumentJwks, JWK_SET_TYPE } from './openapi-oauth.js';

/** Injection token of the public keys. */
export const JWKS = Symbol('nestjs-token-invalidation: public keys');

/** A JWK Set (RFC 7517 section 5). */
export interface JsonWebKeySet {
  readonly keys: readonly object[];
}

/** How long others may cache the keys. A new key must be in the list for that long before it signs. */
const MAX_AGE_SECONDS = 300;

/** `GET /.well-known/jwks.json`, or another path: the keys with which anyone can verify the signature of a token. */
export function jwksController(path: string): Type<object> {
  @Controller({ path, version: VERSION_NEUTRAL })
  class JwksController extends PublicKeys {
    @DocumentJwks()
    @Public()
    @Get()
    keys(@Res({ passthrough: true }) response: HeaderWriter): JsonWebKeySet {
      response.header('Content-Type', JWK_SET_TYPE);
      response.header('Cache-Control', `public, max-age=${MAX_AGE_SECONDS}`);
      return this.set;
    }
  }
  return JwksController;
}

@Injectable()
class PublicKeys {
  constructor(@Inject(JWKS) protected readonly set: JsonWebKeySet) {}
}

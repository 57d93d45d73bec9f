import type { OnApplicationBootstrap, Provider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { PassportStrategy } from '@nestjs/passport';
import passport from 'passport';
import { HTTP_SETTINGS, type HttpSettings } from '../http/http-settings.js';
import type { TokenExtractor } from '../http/token-extractor.js';
import type { TokenClaims } from '../rule/claims.js';
import type { Refusal } from '../rule/refusal.js';
import { TokenVerifier } from '../tokens/token-verifier.service.js';

/** What Passport sets on the object of one attempt. */
interface Attempt {
  success(user: unknown, info: TokenClaims): void;
  fail(refused: Refusal): void;
  error(error: unknown): void;
}

/** The Passport strategy that `revocableJwtStrategy()` registers. As a class: its injection token. */
export abstract class RevocableJwtStrategy implements OnApplicationBootstrap {
  /** @throws Error when a different strategy took the name */
  abstract onApplicationBootstrap(): void;
}

const OURS = Symbol.for('nestjs-token-invalidation: strategy');

/**
 * A provider that registers a Passport strategy, for `AuthGuard(name)`: for applications whose guards combine several
 * strategies. It asks `TokenVerifier`, as `RevocableJwtGuard` does, which needs no Passport.
 *
 * Provide it once, in a module that sees `TokenInvalidationModule`.
 *
 * @param name - in Passport's table, which is one for the whole process. Default: `'revocable-jwt'`
 * @throws Error when another strategy has the name
 * @example
 * ```ts
 * @Module({ providers: [revocableJwtStrategy()] })
 * export class AuthModule {}
 *
 * @UseGuards(AuthGuard(['revocable-jwt', 'api-key']))
 * ```
 */
export function revocableJwtStrategy(name = 'revocable-jwt'): Provider {
  return {
    provide: RevocableJwtStrategy,
    inject: [TokenVerifier, HTTP_SETTINGS, ModulesContainer],
    useFactory: (
      verifier: TokenVerifier,
      { jwtFromRequest }: HttpSettings,
      modules: ModulesContainer,
    ) => createStrategy(name, { verifier, extract: jwtFromRequest, modules }),
  };
}

interface StrategyParts {
  readonly verifier: TokenVerifier;
  readonly extract: TokenExtractor;
  readonly modules: ModulesContainer;
}

/** Nest's mixin registers a strategy when it is made, under the name of its class: so each has a class. */
function createStrategy(
  name: string,
  { verifier, extract, modules }: StrategyParts,
): RevocableJwtStrategy {
  requireFreeName(name);
  class NamedStrategy extends PassportStrategy(passport.Strategy, name) {
    readonly [OURS] = name;

    onApplicationBootstrap(): void {
      requireFreeName(name);
      requireUnsharedName(name, modules);
    }

    /** A refusal becomes Passport's `info`: a chain of strategies continues, and the reason survives. */
    override authenticate(this: this & Attempt, request: object): void {
      verifier
        .verify(extract(request))
        .then((verdict) =>
          verdict.accepted ? this.success(verdict.user, verdict.claims) : this.fail(verdict),
        )
        .catch((error: unknown) => this.error(error));
    }

    /** Nest's mixin asks for it; this strategy has nothing left to validate. */
    validate(): undefined {
      return undefined;
    }
  }
  return new NamedStrategy();
}

/** Within one application, the second would judge the tokens of both, by its own users. */
function requireUnsharedName(name: string, modules: ModulesContainer): void {
  const holders = [...modules.values()].filter((module) => {
    const strategy: unknown = module.providers.get(RevocableJwtStrategy)?.instance;
    return Reflect.get(Object(strategy), OURS) === name;
  });
  if (holders.length > 1) {
    throw new Error(
      `Two strategies of revocableJwtStrategy() have the name "${name}": give each another name, and use it in AuthGuard('…').`,
    );
  }
}

/**
 * If two strategies share a name, Passport silently uses the last one, which may revoke nothing. A second copy of this
 * strategy may reuse the name: applications in one process share Passport's table.
 */
function requireFreeName(name: string): void {
  // Passport has no public way to ask; its middleware asks the same way.
  const find: unknown = Reflect.get(passport, '_strategy');
  const holder = (find as (name: string) => object | undefined).call(passport, name);
  if (holder !== undefined && !(OURS in holder)) {
    throw new Error(
      `Two Passport strategies have the name "${name}": that of revocableJwtStrategy() and ${holder.constructor.name}. Remove yours, or give another name: revocableJwtStrategy('…').`,
    );
  }
}

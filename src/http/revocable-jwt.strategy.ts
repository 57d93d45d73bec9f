import { PassportStrategy } from '@nestjs/passport';
import type { OnApplicationBootstrap } from '@nestjs/common';
import passport from 'passport';
import passportJwt, { type StrategyOptionsWithoutRequest } from 'passport-jwt';
import type { TokenClaims } from '../rule/claims.js';
import { refusal, type Refusal } from '../rule/refusal.js';
import type { TokenVerifier, Verdict } from '../tokens/token-verifier.service.js';
import { isRefusal } from './http-answers.js';

/** Finds the token in a request; `null` when there is none. Any extractor of passport-jwt's `ExtractJwt` is one. */
// oxlint-disable-next-line typescript/no-explicit-any -- the request is Express', Fastify's or the application's own
export type TokenExtractor = (request: any) => string | null;

/** What Passport puts on the object that stands for one attempt. */
interface Attempt {
  fail(info: unknown): void;
}

/** Stands for the token that isn't there, so that a missing token takes the same way as a wrong one. */
const NO_TOKEN = Symbol('no token');

/**
 * The Passport strategy of one module: passport-jwt finds the token and verifies the signature, the rule decides.
 * `AuthGuard(name)` finds it in Passport's table under the name that the module was given. The module's own guard asks
 * `judge`, which needs nothing of Passport.
 */
export abstract class RevocableJwtStrategy<User = unknown> implements OnApplicationBootstrap {
  /** @throws Error when another strategy took the name */
  abstract onApplicationBootstrap(): void;

  /** Judges a request without Passport, whose table is one for the whole process. */
  abstract judge(request: object): Promise<Verdict<User>>;
}

const OURS = Symbol.for('nestjs-token-invalidation: strategy');

/** A strategy registers itself with Passport when it is made, under its class's name: so there is a class for each. */
export function createStrategy<User>(
  name: string,
  verifier: TokenVerifier<User>,
  extract: TokenExtractor,
): RevocableJwtStrategy<User> {
  refuseTakenName(name);
  class NamedStrategy extends PassportStrategy(passportJwt.Strategy, name) {
    readonly [OURS] = name;

    onApplicationBootstrap(): void {
      refuseTakenName(name);
    }

    /** A refusal goes on as Passport's `info`: a chain of strategies continues, and the reason survives. */
    async validate(payload: unknown): Promise<[User, TokenClaims] | [false, Refusal]> {
      const verdict = await verifier.verifyClaims(payload);
      return verdict.accepted ? [verdict.user, verdict.claims] : [false, verdict];
    }

    override authenticate(this: this & Attempt, request: never, options?: unknown): void {
      const fail = this.fail.bind(this);
      // What isn't a refusal yet comes from jsonwebtoken, and all that it says is that the token isn't ours.
      this.fail = (info: unknown) =>
        fail(isRefusal(info) ? info : verifier.refuse(refusal('token_invalid', messageOf(info))));
      super.authenticate(request, options);
    }

    async judge(request: object): Promise<Verdict<User>> {
      const token = extract(request);
      return token ? verifier.verify(token) : verifier.refuse(refusal('token_missing'));
    }
  }
  return new NamedStrategy(strategyOptions(verifier, extract));
}

/**
 * Of two strategies with one name `AuthGuard(name)` uses the one made last, in silence: perhaps one that revokes
 * nothing. Another application's strategy of ours may have the name: the module's own guard does without the table.
 */
function refuseTakenName(name: string): void {
  // The only way to ask; Passport's own middleware asks so too.
  const ask: unknown = Reflect.get(passport, '_strategy');
  const holder = (ask as (name: string) => object | undefined).call(passport, name);
  if (holder !== undefined && !(OURS in holder)) {
    throw new Error(
      `Two Passport strategies have the name "${name}", that of TokenInvalidationModule and ${holder.constructor.name}: remove your own, or name the module's with strategyName: '…'.`,
    );
  }
}

function strategyOptions<User>(
  verifier: TokenVerifier<User>,
  extract: TokenExtractor,
): StrategyOptionsWithoutRequest {
  const { ignoreNotBefore, ...jwtOptions } = verifier.jwtOptions;
  return {
    ...jwtOptions,
    jsonWebTokenOptions: { ignoreNotBefore },
    jwtFromRequest: ((request: unknown) => extract(request) || NO_TOKEN) as TokenExtractor,
    secretOrKeyProvider: (_request, token: unknown, done) => {
      const key =
        token === NO_TOKEN ? verifier.refuse(refusal('token_missing')) : verifier.selectKey(token);
      if ('accepted' in key) done(key);
      // passport-jwt hands a KeyObject through; its types do not say so.
      else done(null, key.verifyWith as never);
    },
  };
}

function messageOf(info: unknown): string | undefined {
  return info instanceof Error ? info.message : undefined;
}

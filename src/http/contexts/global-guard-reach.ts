import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { ApplicationConfig, MetadataScanner, ModulesContainer } from '@nestjs/core';
import { RevocableJwtGuard } from '../revocable-jwt.guard.js';
import { isGateway, rpcPatterns } from './message-handlers.js';

const GUARDS = '__guards__';

/**
 * Marks a class whose messages the global guard is to reach. An application puts its own guard in this place; one that
 * does not has none to put there.
 */
@Injectable()
export class GlobalGuardPlace implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

/** Anything of Nest's that has a class. */
interface Wrapper {
  readonly metatype: unknown;
}

/**
 * Brings `RevocableJwtGuard`, where it guards globally, to handlers that Nest's global guards do not reach: messages of
 * gateways on NestJS 11, and those of a hybrid application whose `connectMicroservice` does not inherit its config.
 *
 * A class is shared by all applications of a process, but its guards are looked up in the module of each.
 */
@Injectable()
export class GlobalGuardReach implements CanActivate {
  private readonly scanner = new MetadataScanner();

  /** Created with the modules, which is before gateways and microservices look for guards. */
  constructor(
    modules: ModulesContainer,
    private readonly config: ApplicationConfig,
    private readonly guard: RevocableJwtGuard,
  ) {
    for (const module of modules.values()) {
      const types = [
        ...typesOf(module.providers.values()).filter(isGateway),
        ...typesOf(module.controllers.values()).filter((type) => this.handlesMessages(type)),
      ];
      if (types.length === 0) continue;
      types.forEach(markPlace);
      module.addInjectable({ provide: GlobalGuardPlace, useValue: this }, 'guard');
    }
  }

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const type = context.getType();
    if (type !== 'ws' && type !== 'rpc') return true;
    return this.globalGuard?.canActivate(context) ?? true;
  }

  /** `RevocableJwtGuard` as it guards globally, or what a test has put in its place. */
  get globalGuard(): RevocableJwtGuard | undefined {
    return this.config
      .getGlobalGuards()
      .find(
        (guard): guard is RevocableJwtGuard =>
          guard === this.guard || guard instanceof RevocableJwtGuard,
      );
  }

  private handlesMessages({ prototype }: Function): boolean {
    return this.scanner
      .getAllMethodNames(prototype as object)
      .some((name) => rpcPatterns(Reflect.get(prototype as object, name) as object) !== undefined);
  }
}

function typesOf(wrappers: Iterable<Wrapper>): Function[] {
  return [...wrappers]
    .map(({ metatype }) => metatype)
    .filter((type): type is Function => typeof type === 'function');
}

/** First of the class: a global guard runs before the others. */
function markPlace(type: Function): void {
  const guards = (Reflect.getMetadata(GUARDS, type) ?? []) as unknown[];
  if (!guards.includes(GlobalGuardPlace)) {
    Reflect.defineMetadata(GUARDS, [GlobalGuardPlace, ...guards], type);
  }
}

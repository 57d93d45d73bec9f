import { GlobalGuardPlace } from '../http/contexts/global-guard-reach.js';
import { RevocableJwtGuard } from '../http/revocable-jwt.guard.js';
import type { Handler } from './handler.js';

/** A guard, and where it stands. */
export interface FoundGuard {
  /** `ours`: a `RevocableJwtGuard`. `nameless`: a class that some versions of Nest ignore. `none`: it keeps nobody out. */
  readonly kind: 'ours' | 'other' | 'nameless' | 'none';
  readonly name: string;
  /** A class or a method; `globally`. */
  readonly where: string;
}

const GUARDS = '__guards__';

/** The guards of a handler and of its class, as `@UseGuards` left them. */
export function guardsOn({ type, method, methodName }: Handler): FoundGuard[] {
  return [
    ...found(Reflect.getMetadata(GUARDS, type), type.name),
    ...found(Reflect.getMetadata(GUARDS, method), `${type.name}.${methodName}`),
  ];
}

function found(guards: unknown, where: string): FoundGuard[] {
  return ((guards ?? []) as unknown[])
    .filter((guard) => guard !== GlobalGuardPlace)
    .map((guard) => describeGuard(guard, `on ${where}`));
}

/** @param guard - a class, or an instance */
export function describeGuard(guard: unknown, where: string): FoundGuard {
  const type = (typeof guard === 'function' ? guard : Object(guard).constructor) as Function;
  return { kind: kindOf(type, typeof guard === 'function'), name: declaredName(type), where };
}

/** Nest's `mixin()`, which makes Passport's guards, gives each class a name that is different with each start. */
function declaredName(type: Function): string {
  return /^class ([\w$]+)/.exec(String(type))?.[1] ?? type.name;
}

function kindOf(type: Function, isClass: boolean): FoundGuard['kind'] {
  // First, since a version of Nest that ignores it does so whatever it extends.
  if (isClass && type.name === '') return 'nameless';
  if (type === RevocableJwtGuard || type.prototype instanceof RevocableJwtGuard) return 'ours';
  return isThrottler(type) ? 'none' : 'other';
}

/** It counts calls and knows nobody. Found by name, in the class or one that it extends. */
function isThrottler(type: Function): boolean {
  for (let at: unknown = type; typeof at === 'function'; at = Object.getPrototypeOf(at)) {
    if (/throttl|ratelimit/i.test(at.name)) return true;
  }
  return false;
}

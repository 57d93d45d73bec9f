import { MaxAuthAge } from './max-auth-age.js';

const DEMANDED = Symbol('nestjs-token-invalidation: demand of a method');

/** Notes a demand on the name of a method too: a decorator may put another function in the method's place. */
export function noteDemand(target: object, methodName: string | symbol): void {
  Reflect.defineMetadata(DEMANDED, true, target, methodName);
}

/** Whether a method was marked with a demand that the function now in its place does not carry. */
export function hiddenDemand(type: Function, methodName: string, method: Function): boolean {
  const noted = Reflect.getMetadata(DEMANDED, type.prototype as object, methodName) === true;
  return noted && !Reflect.hasMetadata(MaxAuthAge.KEY, method);
}

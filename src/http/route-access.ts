import type { ExecutionContext } from '@nestjs/common';
import { type ReflectableDecorator, Reflector } from '@nestjs/core';
import { MaxAuthAge } from './max-auth-age.js';
import { OptionalAuth } from './optional-auth.decorator.js';
import { Public } from './public.decorator.js';

/** What the decorators of a route, or of its controller, say about who may call it. */
export interface RouteAccess {
  /** Nobody is asked for a token, and none is looked at. */
  readonly isOpen: boolean;
  /** A request without a token passes, with no user. */
  readonly admitsAnonymous: boolean;
  /** How long ago the login may be, in seconds; `undefined`: any time. */
  readonly maxAuthAge: number | undefined;
}

/** Reads the decorators once for each route: they do not change while the application runs. */
export class RouteAccessReader {
  /** A method that controllers inherit is one handler of several routes, so the class counts too. */
  private readonly known = new WeakMap<object, WeakMap<object, RouteAccess>>();

  constructor(private readonly reflector: Reflector) {}

  of(context: ExecutionContext): RouteAccess {
    const controller = context.getClass();
    let routes = this.known.get(controller);
    if (routes === undefined) this.known.set(controller, (routes = new WeakMap()));

    const handler = context.getHandler();
    let access = routes.get(handler);
    if (access === undefined) routes.set(handler, (access = this.read([handler, controller])));
    return access;
  }

  private read(targets: Parameters<Reflector['getAllAndOverride']>[1]): RouteAccess {
    const metadata = <Value>(decorator: ReflectableDecorator<never, Value>): Value | undefined =>
      this.reflector.getAllAndOverride<Value | undefined>(decorator.KEY, targets);
    const maxAuthAge = metadata(MaxAuthAge);
    // Who asks for a recent login asks for a login, whatever stands beside it.
    const mayBeOpen = maxAuthAge === undefined;
    return {
      isOpen: mayBeOpen && metadata(Public) === true,
      admitsAnonymous: mayBeOpen && metadata(OptionalAuth) === true,
      maxAuthAge,
    };
  }
}

import type { ExecutionContext } from '@nestjs/common';
import { type ReflectableDecorator, Reflector } from '@nestjs/core';
import { MaxAuthAge } from './max-auth-age.js';
import { OptionalAuth } from './optional-auth.decorator.js';
import { Public } from './public.decorator.js';

/** Who may call a route, as its decorators and those of its controller say. */
export interface RouteAccess {
  /** `public`: no token is looked at. `optional`: a request without a token passes, with no user. */
  readonly kind: 'public' | 'optional' | 'login';
  /** How long ago the login may be, in seconds; `undefined`: any time. */
  readonly maxAuthAge: number | undefined;
}

type Target = ReturnType<ExecutionContext['getHandler']> | ReturnType<ExecutionContext['getClass']>;

/** Reads the decorators once for each route: they do not change while the application runs. */
export class RouteAccessReader {
  /** A method that controllers inherit is one handler of several routes, so the class counts too. */
  private readonly known = new WeakMap<object, WeakMap<object, RouteAccess>>();

  /** @param publicMetadataKey - metadata of the application's that opens a route when it is true */
  constructor(
    private readonly reflector: Reflector,
    private readonly publicMetadataKey: string | undefined,
  ) {}

  of(context: ExecutionContext): RouteAccess {
    const controller = context.getClass();
    let routes = this.known.get(controller);
    if (routes === undefined) this.known.set(controller, (routes = new WeakMap()));

    const handler = context.getHandler();
    let access = routes.get(handler);
    if (access === undefined) routes.set(handler, (access = this.read(handler, controller)));
    return access;
  }

  /** The nearer decorator wins: that of the route over that of its controller. */
  read(handler: Target, controller: Target): RouteAccess {
    const near = this.marksOf(handler);
    const far = this.marksOf(controller);
    const kind = near.kind ?? far.kind ?? 'login';
    // A route that is opened inside a controller with a demand for a recent login takes any login, or none.
    const inherited = near.kind === undefined || near.kind === 'login' ? far.maxAuthAge : undefined;
    return { kind, maxAuthAge: near.maxAuthAge ?? inherited };
  }

  private marksOf(target: Target): Partial<RouteAccess> {
    const maxAuthAge = this.get(MaxAuthAge, target);
    return { kind: this.kindOf(target, maxAuthAge), maxAuthAge } as Partial<RouteAccess>;
  }

  /** On one target the stricter mark wins: a recent login, then a token that is judged, then an open route. */
  private kindOf(target: Target, maxAuthAge: number | undefined): RouteAccess['kind'] | undefined {
    if (maxAuthAge !== undefined) return 'login';
    const optional = this.get(OptionalAuth, target);
    if (optional === true) return 'optional';
    const open = this.get(Public, target) ?? this.isMarkedPublic(target);
    if (open === true) return 'public';
    return open === false || optional === false ? 'login' : undefined;
  }

  private isMarkedPublic(target: Target): boolean | undefined {
    if (this.publicMetadataKey === undefined) return undefined;
    const value = this.reflector.get<unknown>(this.publicMetadataKey, target);
    return value === undefined ? undefined : value === true;
  }

  private get<Value>(
    decorator: ReflectableDecorator<never, Value>,
    target: Target,
  ): Value | undefined {
    return this.reflector.get<Value | undefined>(decorator.KEY, target);
  }
}

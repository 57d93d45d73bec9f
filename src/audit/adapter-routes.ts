import { METHODS } from 'node:http';
import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Handler } from './handler.js';
import { withoutRoot } from './route-prefixes.js';

interface Route {
  readonly method: string;
  readonly path: string;
}

/** As much of a Fastify route as is used. */
interface FastifyRoute {
  readonly method: string | readonly string[];
  readonly url: string;
}

interface FastifyRouter {
  readonly supportedMethods: readonly string[];
  addHook(name: 'onRoute', hook: (route: FastifyRoute) => void): void;
}

/** As much of an Express router as is used. */
interface ExpressRouter {
  readonly stack?: readonly {
    readonly route?: {
      readonly path: unknown;
      readonly methods: Readonly<Record<string, boolean>>;
    };
  }[];
}

/** Routes that are added for what a route of Nest already says. */
const COMPANIONS = new Set(['HEAD', 'OPTIONS']);

/** Every route of the HTTP adapter: those of Nest and those that the application adds past it. */
@Injectable()
export class AdapterRoutes {
  private readonly ofFastify: Route[] = [];

  /** Created with the modules, which is before any route: Fastify names routes only as they are added. */
  constructor(private readonly host: HttpAdapterHost) {
    // A testing module gets its adapter once it is compiled. Early versions of NestJS 11 do not say when.
    if (Reflect.has(host, 'init$')) host.init$.subscribe(() => this.watch());
    else this.watch();
  }

  /** `undefined` in an application without HTTP. */
  get type(): string | undefined {
    return this.host.httpAdapter?.getType?.();
  }

  /**
   * Routes that no handler of Nest has: none of Nest's guards runs for them.
   *
   * @param known - names of routes, with or without the verb, of which it is known why they are there
   * @param before - what stands before the path of a handler in its route
   */
  raw(handlers: readonly Handler[], known: readonly string[], before: RegExp): string[] {
    const ofNest = handlers.filter(({ context }) => context === 'http').map(({ name }) => name);
    return this.all()
      .filter(({ method }) => !COMPANIONS.has(method))
      .filter(({ method, path }) => !known.includes(path) && !known.includes(`${method} ${path}`))
      .filter((route) => !ofNest.some((name) => isRouteOf(name, route, before)))
      .map(({ method, path }) => `${method} ${path}`);
  }

  private watch(): void {
    if (this.type !== 'fastify') return;
    const fastify = this.host.httpAdapter.getInstance<FastifyRouter>();
    fastify.addHook('onRoute', ({ method, url }) => {
      const verbs = allOrEach([method].flat(), fastify.supportedMethods);
      this.ofFastify.push(...verbs.map((verb) => ({ method: verb, path: url })));
    });
  }

  private all(): Route[] {
    if (this.type !== 'express') return this.ofFastify;
    const { router } = this.host.httpAdapter.getInstance<{ router?: ExpressRouter }>();
    return (router?.stack ?? []).flatMap(({ route }) =>
      route === undefined
        ? []
        : verbsOf(route.methods).map((method) => ({ method, path: String(route.path) })),
    );
  }
}

/** In Express, a route may have one handler for every verb, under `_all`. `app.all()` adds one for each. */
function verbsOf(methods: Readonly<Record<string, boolean>>): readonly string[] {
  const verbs = Object.keys(methods).map((verb) => verb.toUpperCase());
  return verbs.includes('_ALL') ? ['ALL'] : allOrEach(verbs, METHODS);
}

function allOrEach(verbs: readonly string[], known: readonly string[]): readonly string[] {
  return known.every((verb) => verbs.includes(verb)) ? ['ALL'] : verbs;
}

function isRouteOf(name: string, { method, path }: Route, before: RegExp): boolean {
  const [verb, own] = name.split(' ') as [string, string];
  if (verb !== method && verb !== 'ALL') return false;
  const [route, end] = [withoutRoot(path), withoutRoot(own)];
  return route.endsWith(end) && before.test(route.slice(0, route.length - end.length));
}

import { METHODS } from 'node:http';
import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { joinPath } from './handler-list.js';

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
   * Routes of which it is not known why they are there: none of Nest's guards runs for them.
   *
   * @param known - names of the others, with the verb, or without it for every verb
   */
  raw(known: readonly string[]): string[] {
    const names = new Set(known.map((name) => this.registered(name)));
    return this.all()
      .filter(({ method }) => !COMPANIONS.has(method))
      .map(({ method, path }) => ({ method, path: joinPath(path) }))
      .filter(({ method, path }) => !names.has(path) && !names.has(`${method} ${path}`))
      .map(({ method, path }) => `${method} ${path}`);
  }

  /** As the adapter writes it: Express' gives names to wildcards. */
  private registered(name: string): string {
    const start = name.indexOf('/');
    const path = name.slice(start);
    return name.slice(0, start) + joinPath(this.host.httpAdapter.normalizePath?.(path) ?? path);
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

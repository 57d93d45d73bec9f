import { type CanActivate, Controller, Get, UseGuards } from '@nestjs/common';
import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { MessagePattern } from '@nestjs/microservices';
import { WebSocketGateway } from '@nestjs/websockets';
import { describe, expect, it, vi } from 'vitest';
import { RevocableJwtGuard } from '../revocable-jwt.guard.js';
import { GlobalGuardPlace, GlobalGuardReach } from './global-guard-reach.js';

class OwnGuard implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

/** Classes of their own for each test: the marks stay on them. */
function makeClasses() {
  @UseGuards(OwnGuard)
  @WebSocketGateway()
  class Gateway {}

  @Controller()
  class Messages {
    helper(): void {}

    @MessagePattern('sum')
    sum(): void {}
  }

  @Controller()
  class Routes {
    @Get()
    list(): void {}
  }

  class Service {
    serve(): void {}
  }
  return { Gateway, Messages, Routes, Service };
}

function wrap(types: unknown[]) {
  return new Map(types.map((metatype, index) => [index, { metatype }] as const));
}

/** A module as Nest has it, as far as it is used. */
function moduleOf(providers: unknown[], controllers: unknown[]) {
  return {
    providers: wrap(providers),
    controllers: wrap(controllers),
    addInjectable: vi.fn<(provider: object, kind: string) => void>(),
  };
}

function reachIn(
  modules: ReturnType<typeof moduleOf>[],
  { guard = new OwnGuard(), global = [] }: { guard?: CanActivate; global?: CanActivate[] } = {},
): GlobalGuardReach {
  return new GlobalGuardReach(
    new Map(modules.entries()) as unknown as ModulesContainer,
    { getGlobalGuards: () => global } as unknown as ApplicationConfig,
    guard as RevocableJwtGuard,
  );
}

const guardsOf = (type: object): unknown => Reflect.getMetadata('__guards__', type);

describe('the place of the global guard', () => {
  it('is on gateways and controllers of messages, before their own guards', () => {
    const { Gateway, Messages, Routes, Service } = makeClasses();
    const module = moduleOf([Service, Gateway], [Routes, Messages]);
    reachIn([module]);
    expect(guardsOf(Gateway)).toEqual([GlobalGuardPlace, OwnGuard]);
    expect(guardsOf(Messages)).toEqual([GlobalGuardPlace]);
    expect([guardsOf(Routes), guardsOf(Service)]).toEqual([undefined, undefined]);
  });

  it('is there once, however many applications share the class', () => {
    const { Gateway } = makeClasses();
    reachIn([moduleOf([Gateway], [])]);
    reachIn([moduleOf([Gateway], [])]);
    expect(guardsOf(Gateway)).toEqual([GlobalGuardPlace, OwnGuard]);
  });

  it('is taken by each application in the modules that have one, and in no other', () => {
    const { Gateway, Messages, Routes, Service } = makeClasses();
    const modules = [
      moduleOf([Gateway], []),
      moduleOf([Service], [Routes]),
      moduleOf([], [Messages]),
    ];
    const reach = reachIn(modules);
    const taken = [[{ provide: GlobalGuardPlace, useValue: reach }, 'guard']];
    expect(modules.map(({ addInjectable }) => addInjectable.mock.calls)).toEqual([
      taken,
      [],
      taken,
    ]);
  });

  it('is sought on classes alone: a provider may be a value, or come from a factory', () => {
    const { Gateway } = makeClasses();
    reachIn([moduleOf([null, undefined, 'value', () => Gateway, Gateway], [])]);
    expect(guardsOf(Gateway)).toEqual([GlobalGuardPlace, OwnGuard]);
  });

  it('lets everything pass where no application has taken it', () => {
    expect(new GlobalGuardPlace().canActivate()).toBe(true);
  });
});

function contextOf(type: string): ExecutionContextHost {
  const context = new ExecutionContextHost([]);
  context.setType(type);
  return context;
}

const refusing = () => ({ canActivate: vi.fn<() => boolean>(() => false) });

describe('the global guard in that place', () => {
  it.each(['ws', 'rpc'])('judges messages of %s', (type) => {
    const guard = refusing();
    const context = contextOf(type);
    expect(reachIn([], { guard, global: [new OwnGuard(), guard] }).canActivate(context)).toBe(
      false,
    );
    expect(guard.canActivate).toHaveBeenCalledExactlyOnceWith(context);
  });

  it.each(['http', 'graphql'])('is not asked again for %s, where Nest asks it', (type) => {
    const guard = refusing();
    expect(reachIn([], { guard, global: [guard] }).canActivate(contextOf(type))).toBe(true);
    expect(guard.canActivate).not.toHaveBeenCalled();
  });

  it('is none where the application has not made it global', () => {
    const reach = reachIn([], { guard: refusing(), global: [new OwnGuard()] });
    expect(reach.globalGuard).toBeUndefined();
    expect(reach.canActivate(contextOf('ws'))).toBe(true);
  });

  it('may be another instance of the guard', () => {
    const other = Object.create(RevocableJwtGuard.prototype) as RevocableJwtGuard;
    expect(reachIn([], { global: [new OwnGuard(), other] }).globalGuard).toBe(other);
  });
});

import { Controller, Get, UseGuards } from '@nestjs/common';
import { RequireRecentLogin, RevocableJwtGuard } from 'nestjs-token-invalidation';
import { listAccess } from 'nestjs-token-invalidation/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMemoryApp, type MemoryApp } from '../support/memory-app.js';

/** Guards as libraries make them for an application. */
const nameless = () => class extends RevocableJwtGuard {};
const named = () => class TenantGuard extends RevocableJwtGuard {};

/** As decorators that wrap a method for logging or transactions do. */
function Wrapped(): MethodDecorator {
  return (_target, _name, descriptor) => {
    const { value } = descriptor as PropertyDescriptor;
    const method = value as (...args: unknown[]) => unknown;
    const wrapper = function (this: unknown, ...args: unknown[]) {
      return method.apply(this, args);
    };
    Object.assign(descriptor, { value: wrapper });
  };
}

@Controller()
class RoutesController {
  @UseGuards(nameless())
  @Get('nameless')
  nameless(): object {
    return {};
  }

  @UseGuards(named())
  @Get('named')
  named(): object {
    return {};
  }

  @Get('hidden')
  @Wrapped()
  @RequireRecentLogin('10m')
  hidden(): object {
    return {};
  }

  @RequireRecentLogin('10m')
  @Get('shown')
  @Wrapped()
  shown(): object {
    return {};
  }
}

let app: MemoryApp;
let old: string;

beforeAll(async () => {
  app = await createMemoryApp({ controllers: [RoutesController], module: { globalGuard: false } });
  const user = app.store.add({ id: '7', passwordHash: 'hash' });
  old = app.issuer.issue(user, { authTime: Math.floor(app.clock.now() / 1000) - 3600 });
});
afterAll(() => app?.close());

describe('a guard class', () => {
  it('is not taken for one that guards while it has no name', () => {
    const route = listAccess(app.app).find(({ name }) => name.includes('nameless'));
    expect(route).toMatchObject({ access: 'not checkable' });
  });

  it('guards once it has a name', async () => {
    expect((await app.get('/named')).status).toBe(401);
    expect(await app.ask(old, '/named')).toBe(200);
  });
});

describe('@RequireRecentLogin', () => {
  it('is hidden by a decorator above it that wraps the method, as the docs say', async () => {
    expect(await app.ask(old, '/hidden')).toBe(200);
  });

  it('holds above such a decorator', async () => {
    expect(await app.ask(old, '/shown')).toBe('401 reauthentication_required');
    expect((await app.get('/shown')).status).toBe(401);
  });
});

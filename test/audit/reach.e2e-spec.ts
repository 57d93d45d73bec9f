import { type CanActivate, Controller, Injectable, Logger, UseGuards } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { MessagePattern, Transport } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { TokenInvalidationModule } from 'nestjs-token-invalidation';
import { InMemoryTokenStateStore, listAccess } from 'nestjs-token-invalidation/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { SECRET } from '../support/app-settings.js';
import { createMemoryApp, type MemoryApp, type MemoryAppOptions } from '../support/memory-app.js';
import { ApiKeyGuard, GuardedController, OddController, OrdersMessages } from './every-kind.js';

const GUARD = { provide: APP_GUARD, useClass: ApiKeyGuard };
const tcp = { transport: Transport.TCP, options: { port: 0 } };

const opened: { close(): Promise<unknown> }[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()));
});

async function start(options: MemoryAppOptions): Promise<MemoryApp> {
  const app = await createMemoryApp(options);
  opened.push(app);
  return app;
}

async function decisions(options: MemoryAppOptions): Promise<Record<string, string>> {
  const { app } = await start(options);
  return Object.fromEntries(
    listAccess(app).map(({ name, access, decidedBy }) => [name, `${access}: ${decidedBy}`]),
  );
}

describe('the audit', () => {
  it('names the guard of a message where the global one does not reach it', async () => {
    @Injectable()
    class TenantGuard implements CanActivate {
      canActivate(): boolean {
        return true;
      }
    }

    @Controller()
    class Messages {
      @UseGuards(TenantGuard)
      @MessagePattern('guarded')
      guarded(): void {}

      @MessagePattern('open')
      open(): void {}
    }
    const decided = await decisions({
      controllers: [Messages],
      providers: [GUARD],
      prepare: (app) => app.connectMicroservice(tcp),
    });
    expect(decided).toEqual({
      guarded: 'other guard: TenantGuard on Messages.guarded',
      open: 'unguarded: ApiKeyGuard globally, which reaches no microservice that was connected without { inheritAppConfig: true }',
    });
  });

  it('asks for no header where the token of a route is read, whatever microservices there are', async () => {
    const decided = await decisions({
      controllers: [GuardedController],
      prepare: (app) => app.connectMicroservice(tcp),
    });
    expect(decided).toEqual({ 'GET /guarded': 'login: RevocableJwtGuard on GuardedController' });
  });

  it('knows that guards of its application reach a microservice without HTTP', async () => {
    const module = await Test.createTestingModule({
      imports: [
        TokenInvalidationModule.forRoot({ store: InMemoryTokenStateStore, secret: SECRET }),
      ],
      controllers: [OrdersMessages],
      providers: [GUARD],
    }).compile();
    const app = module.createNestMicroservice({ ...tcp, logger: false });
    opened.push(app);
    const log = vi.spyOn(Logger.prototype, 'log').mockReturnValue();
    await app.init();
    const lines = log.mock.calls.map(([text]) => String(text));
    log.mockRestore();
    expect(lines.filter((line) => line.includes('not known to the audit'))).toEqual([]);
    const paid = listAccess(app).find(({ name }) => name === 'paid');
    expect(paid).toMatchObject({ access: 'other guard', decidedBy: 'ApiKeyGuard globally' });
  });

  it('says why a guard class without a name decides nothing', async () => {
    const decided = await decisions({ controllers: [OddController] });
    expect(decided['GET /odd/nameless']).toBe(
      'not checkable: a guard class without a name, which some versions of Nest ignore; give it one',
    );
  });

  it('takes a nameless guard that is an object for any other: Nest asks it', async () => {
    const decided = await decisions({
      controllers: [OddController],
      prepare: (app) =>
        app.useGlobalGuards(
          new (class {
            canActivate(): boolean {
              return true;
            }
          })(),
        ),
    });
    expect(decided['GET /odd/throttled']).toMatch(/^other guard: /);
  });
});

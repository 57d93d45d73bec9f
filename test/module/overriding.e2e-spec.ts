import { type CanActivate, type ExecutionContext, Logger, Module, type Type } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import {
  RevocableJwtGuard,
  TOKEN_CLOCK,
  TokenInvalidationModule,
  TokenInvalidator,
  TokenIssuer,
  TokenStateStore,
  TokenVerifier,
} from 'nestjs-token-invalidation';
import { FrozenClock, InMemoryTokenStateStore } from 'nestjs-token-invalidation/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SECRET } from '../support/app-settings.js';
import { MeController } from '../support/me.controller.js';
import { TestClient } from '../support/test-client.js';

Logger.overrideLogger(false);

/** A store whose database no test has. */
class ProductionStore extends InMemoryTokenStateStore {
  override async checkSetup(): Promise<string[]> {
    return ['the database is not there.'];
  }
}

/** The application, as a project has it: its tests change nothing in it. */
@Module({
  imports: [
    TokenInvalidationModule.forRoot({
      store: ProductionStore,
      secret: SECRET,
      isGlobal: true,
      globalGuard: true,
    }),
  ],
  controllers: [MeController],
})
class AppModule {}

const store = new InMemoryTokenStateStore();

const compiled = (): TestingModuleBuilder =>
  Test.createTestingModule({ imports: [AppModule] })
    .overrideProvider(TokenStateStore)
    .useValue(store);

async function start(builder: TestingModuleBuilder) {
  const app = (await builder.compile()).createNestApplication({ logger: false });
  await app.listen(0, '127.0.0.1');
  onTestFinished(() => app.close());
  const get = <Service>(token: Type<Service>): Service => app.get(token, { strict: false });
  return { app, get, client: new TestClient(await app.getUrl()) };
}

describe('in a compiled AppModule', () => {
  it('overrideProvider(TokenStateStore) replaces the store of all services', async () => {
    const { get, client } = await start(compiled());
    const anna = store.add({ id: 'anna', passwordHash: 'hash' });
    const token = get(TokenIssuer).issue(anna);
    expect(await client.ask(token, '/me')).toBe(200);
    await get(TokenInvalidator).logoutEverywhere('anna');
    expect(store.find('anna')).toMatchObject({ tokenVersion: 1 });
    expect(await client.ask(token, '/me')).toBe('401 logged_out_everywhere');
  });

  it('without it the set-up of the store is checked', async () => {
    const builder = Test.createTestingModule({ imports: [AppModule] });
    await expect(builder.compile()).rejects.toThrow('the database is not there.');
  });

  it('overrideProvider(TOKEN_CLOCK) replaces the clock of issuer and verifier', async () => {
    const clock = new FrozenClock(4_102_444_800_000);
    const { get, client } = await start(compiled().overrideProvider(TOKEN_CLOCK).useValue(clock));
    const ben = store.add({ id: 'ben', passwordHash: 'hash' });
    const token = get(TokenIssuer).issue(ben);
    const { body } = await client.get('/me', token);
    expect(body).toMatchObject({ claims: { iat: 4_102_444_800, exp: 4_102_445_700 } });
    clock.advance(900);
    expect(await client.ask(token, '/me')).toBe('401 token_expired');
    expect(await get(TokenVerifier).verify(token)).toMatchObject({ reason: 'token_expired' });
  });

  it('overrideProvider(RevocableJwtGuard) replaces the global guard, too', async () => {
    class TestGuard implements CanActivate {
      canActivate(context: ExecutionContext): boolean {
        context.switchToHttp().getRequest<{ user: object }>().user = { id: 'of the test' };
        return true;
      }
    }
    const { client } = await start(
      compiled().overrideProvider(RevocableJwtGuard).useClass(TestGuard),
    );
    expect(await client.get('/me')).toMatchObject({
      status: 200,
      body: { user: { id: 'of the test' } },
    });
  });

  it('the guard that a test does not override still guards', async () => {
    const { client } = await start(
      compiled()
        .overrideProvider(APP_GUARD)
        .useValue({ canActivate: () => true }),
    );
    expect(await client.get('/me')).toMatchObject({ status: 401 });
  });
});

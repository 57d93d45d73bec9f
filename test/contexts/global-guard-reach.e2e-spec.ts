import { Controller } from '@nestjs/common';
import {
  type ClientProxy,
  ClientProxyFactory,
  MessagePattern,
  Transport,
} from '@nestjs/microservices';
import { RevocableJwtGuard } from 'nestjs-token-invalidation';
import { lastValueFrom } from 'rxjs';
import { afterEach, expect, it } from 'vitest';
import { freePort } from '../support/free-port.js';
import { createMemoryApp, type MemoryApp, type MemoryAppOptions } from '../support/memory-app.js';

@Controller()
class Messages {
  @MessagePattern('get')
  get(): string {
    return 'answered';
  }
}

const running: MemoryApp[] = [];
const clients: ClientProxy[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await Promise.all(running.splice(0).map((app) => app.close()));
});

/** A hybrid application whose microservice does not inherit its guards. Returns how it answers without a token. */
async function hybrid(
  options: MemoryAppOptions,
  prepare: NonNullable<MemoryAppOptions['prepare']> = () => {},
): Promise<() => Promise<unknown>> {
  const tcp = { host: '127.0.0.1', port: await freePort() };
  const app = await createMemoryApp({
    controllers: [Messages],
    ...options,
    prepare: (made) => {
      made.connectMicroservice({ transport: Transport.TCP, options: tcp });
      prepare(made);
    },
  });
  running.push(app);
  await app.app.startAllMicroservices();
  const client = ClientProxyFactory.create({ transport: Transport.TCP, options: tcp });
  clients.push(client);
  return () =>
    lastValueFrom(client.send<unknown>('get', {})).catch(
      (error: { errorCode?: string }) => error.errorCode,
    );
}

it('two applications in one process share a class, and each has its own guard', async () => {
  const guarded = await hybrid({ module: { globalGuard: true } });
  const open = await hybrid({});
  const alsoGuarded = await hybrid({ module: { globalGuard: true } });
  expect(await guarded()).toBe('token_missing');
  expect(await open()).toBe('answered');
  expect(await alsoGuarded()).toBe('token_missing');
});

it('the guard reaches as far where useGlobalGuards() made it global', async () => {
  const guarded = await hybrid({}, (made) => {
    made.useGlobalGuards(made.get(RevocableJwtGuard, { strict: false }));
  });
  expect(await guarded()).toBe('token_missing');
});

it('a test may put another guard in its place', async () => {
  const guarded = await hybrid({
    module: { globalGuard: true },
    override: (builder) =>
      builder.overrideProvider(RevocableJwtGuard).useValue({ canActivate: () => true }),
  });
  expect(await guarded()).toBe('answered');
});

import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { INestApplication } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TokenInvalidator } from '../invalidation/token-invalidator.service.js';
import { TokenStateStore } from '../state/token-state.store.js';
import { TokenIssuer } from '../tokens/token-issuer.service.js';
import { expectTokensToBeRefused } from './expect-tokens-to-be-refused.js';
import { InMemoryTokenStateStore } from './in-memory/in-memory-token-state.store.js';
import type { InMemoryUser } from './in-memory/in-memory-rows.js';

/** An application in which a token is the user's version, and each part can be broken. */
class Application {
  readonly store = new InMemoryTokenStateStore();
  readonly user: InMemoryUser = this.store.add({ id: '7', passwordHash: 'hash' });
  readonly tokens: string[] = [];
  tokenOf = (request: IncomingMessage) => request.headers.authorization?.replace('Bearer ', '');
  accepts = (token: string | undefined) => token === this.current();
  invalidator = {
    logoutEverywhere: this.invalidate,
    invalidateAfterPasswordChange: this.invalidate,
    invalidate: this.invalidate,
  };
  readonly server: Server = createServer((request, response) => {
    const token = this.tokenOf(request);
    if (token !== undefined) this.tokens.push(token);
    response.writeHead(request.url === '/me' && this.accepts(token) ? 204 : 401).end();
  });

  get app(): INestApplication {
    const parts = new Map<unknown, unknown>([
      [TokenStateStore, this.store],
      [TokenIssuer, { issue: (user: InMemoryUser) => String(user.tokenVersion) }],
      [TokenInvalidator, this.invalidator],
    ]);
    return {
      get: (type: unknown) => parts.get(type),
      getHttpServer: () => this.server,
      listen: () => new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve)),
      getUrl: async () => `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`,
    } as unknown as INestApplication;
  }

  current(): string {
    return String(this.store.find('7')?.tokenVersion);
  }

  private get invalidate() {
    return (subject: string) => this.store.invalidate({ subject }, 'logout');
  }
}

describe('expectTokensToBeRefused', () => {
  let application: Application;
  beforeEach(() => {
    application = new Application();
  });
  afterEach(() => {
    application?.server.close();
  });

  const check = (options: Partial<Parameters<typeof expectTokensToBeRefused>[1]> = {}) =>
    expectTokensToBeRefused(application.app, { user: application.user, route: '/me', ...options });

  it('passes where each token is refused after an invalidation, and the next one accepted', async () => {
    await check();
    expect(application.store.find('7')).toMatchObject({ tokenVersion: 15 });
    expect(new Set(application.tokens)).toEqual(
      new Set(Array.from({ length: 16 }, (_, index) => String(index))),
    );
    expect(application.tokens.at(-1)).toBe(application.current());
  });

  it('uses an application that listens already', async () => {
    await application.app.listen(0);
    const { port } = application.server.address() as AddressInfo;
    await check();
    expect(application.server.address()).toMatchObject({ port });
  });

  it('sends the token as the application expects it', async () => {
    application.tokenOf = ({ headers }) => headers['x-token'] as string | undefined;
    await check({ headers: (token) => ({ 'x-token': token }) });
    expect(application.tokens).toHaveLength(31);
  });

  it('fails where the route is open', async () => {
    application.accepts = () => true;
    await expect(check()).rejects.toThrow('GET /me without a token answered 204, not 401.');
  });

  it('fails where a fresh token is refused', async () => {
    application.accepts = () => false;
    await expect(check()).rejects.toThrow('GET /me with a fresh token answered 401, not 2xx.');
  });

  it('fails where the next token is refused', async () => {
    application.accepts = (token) => token === '0' && application.current() === '0';
    await expect(check()).rejects.toThrow('GET /me with a fresh token answered 401, not 2xx.');
  });

  it('fails where another route is guarded', async () => {
    await expect(check({ route: '/other' })).rejects.toThrow('GET /other with a fresh token');
  });

  it.each(['logoutEverywhere', 'invalidateAfterPasswordChange', 'invalidate'] as const)(
    'fails where %s() leaves the token valid',
    async (method) => {
      application.invalidator[method] = async () => 'unknown';
      await expect(check()).rejects.toThrow(
        `GET /me with a token from before ${method}() answered 204, not 401.`,
      );
    },
  );

  it('fails for a user who is not in the store', async () => {
    application.store.remove('7');
    await expect(check()).rejects.toThrow('There is no user with the id "7".');
  });
});

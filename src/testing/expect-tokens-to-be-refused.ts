import assert from 'node:assert/strict';
import type { INestApplication } from '@nestjs/common';
import { TokenInvalidator } from '../invalidation/token-invalidator.service.js';
import { TokenStateStore } from '../state/token-state.store.js';
import { TokenIssuer } from '../tokens/token-issuer.service.js';

/** Whose tokens `expectTokensToBeRefused` invalidates, and where it presents them. */
export interface ExpectTokensToBeRefusedOptions {
  /** A user record as the application's store gives it. The check invalidates this user's tokens. */
  user: object;
  /** The path of a guarded route that answers this user's GET with 2xx, such as `'/me'`. */
  route: string;
  /** The request headers that carry a token. Default: `Authorization: Bearer` (RFC 6750 section 2.1). */
  headers?: (token: string) => Record<string, string>;
}

/** What invalidates a user's tokens: each of these methods of `TokenInvalidator`. */
const INVALIDATIONS = ['logoutEverywhere', 'invalidateAfterPasswordChange', 'invalidate'] as const;

/** Enough for some rounds to fall within one second. */
const ROUNDS = 5;

/**
 * A check for an application's own end-to-end tests. It sends real HTTP requests: the route accepts a token, refuses it
 * with 401 after an invalidation, and accepts the next token at once. It finds what is in front of the guard: a
 * cache, a guard in the wrong order, a stray `@Public`.
 *
 * If the application does not listen yet, it starts to listen on a free port.
 *
 * @throws AssertionError that says which request got which status
 * @example
 * ```ts
 * await expectTokensToBeRefused(app, { user, route: '/auth/me' });
 * ```
 */
export async function expectTokensToBeRefused(
  app: INestApplication,
  { user, route, headers = bearer }: ExpectTokensToBeRefusedOptions,
): Promise<void> {
  const invalidator = app.get<TokenInvalidator>(TokenInvalidator, { strict: false });
  const url = new URL(route, await listening(app));
  const { subject } = storeOf(app).describe(user);
  const expectAnswer = async (expected: '2xx' | '401', what: string, token?: string) => {
    const { ok, status } = await fetch(url, token === undefined ? {} : { headers: headers(token) });
    const found = ok ? '2xx' : String(status);
    assert.equal(found, expected, `GET ${route} ${what} answered ${status}, not ${expected}.`);
  };

  await expectAnswer('401', 'without a token');
  let token = await freshToken(app, subject);
  for (const method of Array.from({ length: ROUNDS }, () => INVALIDATIONS).flat()) {
    await expectAnswer('2xx', 'with a fresh token', token);
    await invalidator[method](subject);
    await expectAnswer('401', `with a token from before ${method}()`, token);
    token = await freshToken(app, subject);
  }
  await expectAnswer('2xx', 'with a fresh token', token);
}

/** A token of the user's current record, as the next login would issue it. */
async function freshToken(app: INestApplication, subject: string): Promise<string> {
  const { records } = await storeOf(app).read([{ subject }], { timeoutMs: 10_000 });
  const [record] = records;
  if (record instanceof Error) throw record;
  assert.ok(record, `There is no user with the id ${JSON.stringify(subject)}.`);
  return app.get<TokenIssuer<object>>(TokenIssuer, { strict: false }).issue(record.user);
}

function storeOf(app: INestApplication): TokenStateStore<object> {
  return app.get<TokenStateStore<object>>(TokenStateStore, { strict: false });
}

async function listening(app: INestApplication): Promise<string> {
  const server = app.getHttpServer() as { readonly listening: boolean };
  if (!server.listening) await app.listen(0, '127.0.0.1');
  return (await app.getUrl()).replace('[::1]', 'localhost');
}

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

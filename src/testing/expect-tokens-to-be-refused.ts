import assert from 'node:assert/strict';
import type { INestApplication } from '@nestjs/common';
import { TokenInvalidator } from '../invalidation/token-invalidator.service.js';
import { TokenStateStore } from '../state/token-state.store.js';
import { TokenIssuer } from '../tokens/token-issuer.service.js';

export interface ExpectTokensToDieOptions {
  /** A user as the application knows it. The test ends this user's tokens. */
  user: object;
  /** A guarded route that answers this user's GET with 2xx, such as `'/me'`. */
  route: string;
  /** How a client sends its token. Default: `Authorization: Bearer`. */
  headers?: (token: string) => Record<string, string>;
}

/** Often enough that some rounds fall into one second. */
const ROUNDS = 5;

/**
 * A check for an application's own end-to-end tests: over its real HTTP, a token is accepted, is refused with 401 once
 * the user's tokens were ended, and the next one is accepted at once. Whatever stands in front of the guard (a cache, a
 * guard in the wrong order, a forgotten `@Public`) shows here.
 *
 * The application listens on a port of its own when it doesn't yet.
 *
 * @throws AssertionError that says which token was answered how
 * @example
 * ```ts
 * await expectTokensToDie(app, { user, route: '/auth/me' });
 * ```
 */
export async function expectTokensToDie(
  app: INestApplication,
  { user, route, headers = bearer }: ExpectTokensToDieOptions,
): Promise<void> {
  const store = app.get<TokenStateStore<object>>(TokenStateStore, { strict: false });
  const issuer = app.get<TokenIssuer>(TokenIssuer, { strict: false });
  const invalidator = app.get<TokenInvalidator<unknown>>(TokenInvalidator, { strict: false });
  const url = new URL(route, await listening(app));
  const { subject } = store.describe(user);
  const ask = async (token?: string): Promise<number> =>
    (await fetch(url, { headers: token === undefined ? {} : headers(token) })).status;

  assert.equal(await ask(), 401, `GET ${route} without a token is not 401: is it guarded?`);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const end of ['logoutEverywhere', 'passwordChanged', 'invalidate'] as const) {
      const token = issuer.issue(await currentRecord(store, subject));
      const alive = await ask(token);
      assert.ok(alive >= 200 && alive < 300, `GET ${route} with a fresh token is ${alive}.`);
      await invalidator[end](subject);
      assert.equal(
        await ask(token),
        401,
        `GET ${route} with a token ended by ${end}() is not 401.`,
      );
    }
  }
}

async function currentRecord(store: TokenStateStore<object>, subject: string): Promise<object> {
  const { records } = await store.read([{ subject }], { timeoutMs: 10_000 });
  const [record] = records;
  if (record instanceof Error) throw record;
  assert.ok(record, `There is no user with the id ${subject}.`);
  return record.user;
}

async function listening(app: INestApplication): Promise<string> {
  const server = app.getHttpServer() as { readonly listening: boolean };
  if (!server.listening) await app.listen(0, '127.0.0.1');
  return (await app.getUrl()).replace('[::1]', 'localhost');
}

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

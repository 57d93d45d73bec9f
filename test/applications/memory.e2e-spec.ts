import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parseCookie } from 'cookie';
import type { TokenExtractor } from 'nestjs-token-invalidation';
import { afterEach, describe, expect, it } from 'vitest';
import { createMemoryApp, type MemoryApp } from '../support/memory-app.js';
import { MeController } from '../support/me.controller.js';

const REQUESTS = 500;
const FILLER = 'f'.repeat(14_000);
const MEGABYTE = 2 ** 20;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

interface Headers {
  headers: Record<string, string | undefined>;
}

const fromCookie: TokenExtractor = ({ headers }: Headers) =>
  parseCookie(headers['cookie'] ?? '')['token'] ?? null;

/** The token is a part of a longer text, of which V8 keeps all as long as the part is kept. */
const fromText: TokenExtractor = ({ headers }: Headers) =>
  headers['x-token']?.slice(0, -FILLER.length) ?? null;

const PLACES: readonly [string, object, (token: string) => Record<string, string>][] = [
  [
    'in a cookie among others',
    { jwtFromRequest: fromCookie },
    (token) => ({ cookie: `token=${token}; other=${FILLER}` }),
  ],
  ['cut out of a header', { jwtFromRequest: fromText }, (token) => ({ 'x-token': token + FILLER })],
];

let app: MemoryApp;
afterEach(() => app?.close());

const withLongHeader = (token: string) => ({
  authorization: `Bearer ${token}`,
  'x-other': FILLER,
});

/** How much memory is used for good by requests with a token each. */
async function growth(
  module: object,
  headersOf: (token: string) => Record<string, string>,
): Promise<number> {
  app = await createMemoryApp({
    controllers: [MeController],
    module: { globalGuard: true, ...module },
  });
  const user = app.store.add({ id: '7', passwordHash: 'hash' });
  const tokens = Array.from({ length: REQUESTS }, () => app.issuer.issue(user));
  const ask = async (token: string) => {
    const { status } = await app.get('/me', undefined, headersOf(token));
    expect(status).toBe(200);
  };
  for (const token of tokens.slice(0, 50)) await ask(token);
  collectGarbage();
  const before = process.memoryUsage().heapUsed;

  for (const token of tokens.slice(50)) await ask(token);

  collectGarbage();
  return process.memoryUsage().heapUsed - before;
}

describe('valid tokens of one user, remembered', () => {
  it.each(PLACES)('keep no more than themselves alive: %s', async (_, module, headersOf) => {
    expect(await growth(module, headersOf)).toBeLessThan(3 * MEGABYTE);
  });

  it('keep no more than themselves alive in the header of bearer tokens, with a long one next to it', async () => {
    expect(await growth({}, withLongHeader)).toBeLessThan(3 * MEGABYTE);
  });
});

describe('what follows the token', () => {
  it.each([` ${FILLER}`, ' x', ','])('makes it none: %#', async (more) => {
    app = await createMemoryApp({ controllers: [MeController], module: { globalGuard: true } });
    expect(await app.ask(app.tokenOf('7') + more, '/me')).toBe('401 token_invalid');
  });
});

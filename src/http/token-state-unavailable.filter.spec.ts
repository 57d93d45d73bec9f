import { Controller, Get } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { firstValueFrom, type Observable } from 'rxjs';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { PLATFORMS } from '../../test/support/app-settings.js';
import { createMemoryApp, type MemoryApp } from '../../test/support/memory-app.js';
import { TokenStateUnavailableError } from '../state/token-state-unavailable.error.js';
import { HTTP_SETTINGS, type HttpSettings } from './http-settings.js';
import { TokenStateUnavailableFilter } from './token-state-unavailable.filter.js';

let app: MemoryApp;
const error = new TokenStateUnavailableError(new Error('connection lost'));
const outage = { errorCode: 'token_state_unavailable', status: 'error' };

beforeAll(async () => {
  app = await createMemoryApp();
});
afterAll(() => app?.close());

/** What the filter makes of the error where the application lets it through. */
function answer(type: string, args: unknown[]): unknown {
  const host = new ExecutionContextHost(args);
  host.setType(type);
  const settings = app.app.get<HttpSettings>(HTTP_SETTINGS, { strict: false });
  const filter = new TokenStateUnavailableFilter();
  Reflect.set(filter, 'settings', settings);
  // oxlint-disable-next-line promise/valid-params -- a filter's catch(), not a promise's
  return filter.catch(error, host);
}

it('an RPC client gets an answer', async () => {
  const answered = answer('rpc', [{}, {}]) as Observable<unknown>;
  await expect(firstValueFrom(answered)).rejects.toMatchObject(outage);
});

it('a client of a socket gets an answer', () => {
  const emit = vi.fn<(event: string, payload: object) => void>();
  answer('ws', [{ emit }, {}, 'pattern']);
  expect(emit).toHaveBeenCalledWith('exception', expect.objectContaining(outage));
});

it('a field of GraphQL fails with the code', () => {
  expect(() => answer('graphql', [{}, {}, {}, {}])).toThrow(
    expect.objectContaining({
      extensions: { code: 'token_state_unavailable', http: { status: 503 } },
    }) as Error,
  );
});

it('in a context of another framework the error goes on as it is', () => {
  expect(() => answer('telegraf', [])).toThrow(error);
});

it.each(PLATFORMS)('a client of HTTP gets 503, and when to try again, on %s', async (platform) => {
  @Controller()
  class Failing {
    @Get('failing')
    fail(): never {
      throw error;
    }
  }
  const failing = await createMemoryApp({ platform, controllers: [Failing] });
  onTestFinished(() => failing.close());
  const { status, headers, body } = await failing.get('/failing');
  expect(status).toBe(503);
  expect(headers.get('retry-after')).toMatch(/^[1-9]/);
  expect(body).toMatchObject({ errorCode: 'token_state_unavailable' });
});

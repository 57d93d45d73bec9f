import { Metadata } from '@grpc/grpc-js';
import { type ExecutionContext, Logger } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { Reflector } from '@nestjs/core';
import { EventPattern } from '@nestjs/microservices';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createMemoryApp, type MemoryApp } from '../../../test/support/memory-app.js';
import { TokenVerifier } from '../../tokens/token-verifier.service.js';
import { HTTP_SETTINGS, type HttpSettings } from '../http-settings.js';
import { OptionalAuth } from '../optional-auth.decorator.js';
import { Public } from '../public.decorator.js';
import { RequireRecentLogin } from '../require-recent-login.decorator.js';
import { RevocableJwtGuard } from '../revocable-jwt.guard.js';
import { callerOf } from './caller.js';

class Handlers {
  closed(): void {}

  @Public()
  open(): void {}

  @OptionalAuth()
  optional(): void {}

  @RequireRecentLogin('10m')
  recent(): void {}

  @EventPattern('happened')
  happened(_data: unknown): void {}
}

let app: MemoryApp;
let guard: RevocableJwtGuard;
let token: string;

beforeAll(async () => {
  app = await createMemoryApp();
  guard = app.app.get(RevocableJwtGuard, { strict: false });
  token = app.tokenOf('anna');
});
afterAll(() => app?.app.close());

beforeEach(() => void vi.restoreAllMocks());

function call(type: string, handler: keyof Handlers, args: unknown[]): ExecutionContext {
  // oxlint-disable-next-line typescript/unbound-method -- Nest hands on handlers so
  const context = new ExecutionContextHost(args, Handlers, Handlers.prototype[handler]);
  context.setType(type);
  return context;
}

const request = () => ({ headers: { authorization: `Bearer ${token}` } });
const field = (context: object, info: object = { variableValues: {} }) =>
  call('graphql', 'closed', [{}, {}, context, info]);

const client = (auth: object) => ({ handshake: { headers: {}, auth } });
const message = (socket: object, handler: keyof Handlers = 'closed') =>
  call('ws', handler, [socket, {}, 'pattern']);

describe('GraphQL', () => {
  it('judges once for all fields of an execution that make the same demand', async () => {
    const read = vi.spyOn(app.store, 'read');
    const verify = vi.spyOn(app.app.get(TokenVerifier, { strict: false }), 'verify');
    const variableValues = {};
    const context = { req: request() };
    const fields = [1, 2, 3].map(() => field(context, { variableValues }));
    await Promise.all(fields.map((each) => guard.canActivate(each)));
    expect(verify).toHaveBeenCalledTimes(1);
    expect(read).toHaveBeenCalledTimes(1);
    expect(fields.map((each) => (callerOf(each).user as { id: string }).id)).toEqual([
      'anna',
      'anna',
      'anna',
    ]);
  });

  it('judges again for the next execution, on the same context', async () => {
    const verify = vi.spyOn(app.app.get(TokenVerifier, { strict: false }), 'verify');
    const context = { req: request() };
    await guard.canActivate(field(context));
    await guard.canActivate(field(context));
    expect(verify).toHaveBeenCalledTimes(2);
  });

  it('knows nobody in an open field, next to one that knows the caller', async () => {
    const context = { req: request() };
    // The fields of an operation's root have no parent.
    const open = call('graphql', 'open', [undefined, {}, context, {}]);
    await guard.canActivate(open);
    await guard.canActivate(field(context));
    expect(callerOf(open)).toEqual({});
  });

  it('answers with extensions, and with the header where there is a response', async () => {
    const headers: Record<string, string> = {};
    const res = { header: (name: string, value: string) => (headers[name] = value) };
    const refused = guard.canActivate(field({ req: { headers: {} }, res }));
    const { extensions } = (await refused.catch((error: unknown) => error)) as {
      extensions: object;
    };
    expect(extensions).toStrictEqual({ code: 'token_missing', http: { status: 401 } });
    expect(headers).toEqual({ 'WWW-Authenticate': 'Bearer' });
  });

  it('says how recent a login must be', async () => {
    app.clock.advance(601);
    const recent = call('graphql', 'recent', [{}, {}, { req: request() }, {}]);
    await expect(guard.canActivate(recent)).rejects.toMatchObject({
      extensions: { code: 'reauthentication_required', maxAge: 600 },
    });
    app.clock.advance(-601);
  });

  it.each<[where: string, context: () => object]>([
    [
      'connectionParams of graphql-ws',
      () => ({
        req: {
          connectionParams: { Authorization: `Bearer ${token}` },
          extra: { request: { headers: {} } },
        },
      }),
    ],
    [
      'the upgrade request of graphql-ws, whose client gave no connectionParams',
      () => ({ req: { extra: { request: { headers: request().headers } } } }),
    ],
    [
      'connectionParams, of a connection without its upgrade request',
      () => ({ req: { connectionParams: { authorization: token }, extra: {} } }),
    ],
    [
      'what a context function took of graphql-ws',
      () => ({ connectionParams: { authorization: token }, req: { headers: {} } }),
    ],
    [
      'connection_init of Mercurius',
      () => ({ request: { headers: {} }, _connectionInit: { authorization: token } }),
    ],
    [
      'the upgrade request',
      () => ({ req: { headers: { upgrade: 'websocket', authorization: `Bearer ${token}` } } }),
    ],
    ['the request of Mercurius', () => ({ reply: { request: request() } })],
  ])('finds the token in %s', async (_, context) => {
    const found = field(context());
    expect(await guard.canActivate(found)).toBe(true);
    expect(callerOf(found).user).toMatchObject({ id: 'anna' });
  });

  it('a reference of a federated graph is a field without arguments', async () => {
    const context = { req: request() };
    const info = { variableValues: {} };
    const references = [{ id: '1' }, { id: '2' }].map((reference) =>
      call('graphql', 'closed', [reference, context, info]),
    );
    const verify = vi.spyOn(app.app.get(RevocableJwtGuard)['verifier'], 'verify');
    for (const reference of references) await guard.canActivate(reference);
    expect(verify).toHaveBeenCalledTimes(1);
    expect(callerOf(references[1]!).user).toMatchObject({ id: 'anna' });
  });

  it('an open reference knows nobody, next to one that knows the caller', async () => {
    const context = { req: request() };
    const info = { variableValues: {} };
    const closed = call('graphql', 'closed', [{ id: '1' }, context, info]);
    const open = call('graphql', 'open', [{ id: '2' }, context, info]);
    await guard.canActivate(closed);
    await guard.canActivate(open);
    expect(callerOf(closed).user).toMatchObject({ id: 'anna' });
    expect(callerOf(open)).toEqual({});
  });

  it('says what to do about a context without a request', async () => {
    await expect(guard.canActivate(field({}))).rejects.toThrow(
      'have its context function return { req } or { request }',
    );
  });
});

const upgradeTo = (upgrade: unknown) =>
  field({ req: { headers: { upgrade, cookie: `access=${token}` } } });

describe('GraphQL of an upgrade request', () => {
  it('has its token where a handshake has it, and no other request has', async () => {
    const sockets = await createMemoryApp({ module: { handshake: { token: 'cookie.access' } } });
    onTestFinished(() => sockets.close());
    sockets.tokenOf('anna');
    const ofSockets = sockets.app.get(RevocableJwtGuard, { strict: false });
    expect(await ofSockets.canActivate(upgradeTo('WebSocket'))).toBe(true);
    for (const upgrade of ['h2c', ['websocket'], undefined]) {
      await expect(ofSockets.canActivate(upgradeTo(upgrade))).rejects.toMatchObject({
        extensions: { code: 'token_missing' },
      });
    }
  });
});

describe('messages of a socket', () => {
  it('the token is found once, and the state read for every message', async () => {
    const read = vi.spyOn(app.store, 'read');
    const socket = client({ token });
    await guard.canActivate(message(socket));
    socket.handshake.auth = {};
    await guard.canActivate(message(socket));
    expect(read).toHaveBeenCalledTimes(2);
  });

  it('a refusal says which message it answers', async () => {
    const refused = await guard.canActivate(message(client({}))).catch((error: unknown) => error);
    expect((refused as { getError(): object }).getError()).toEqual({
      status: 'error',
      errorCode: 'token_missing',
      message: 'The request carries no access token',
      cause: { pattern: 'pattern' },
    });
  });

  it('an open handler knows nobody, though another one of the socket does', async () => {
    const socket = client({ token });
    const closed = message(socket);
    await guard.canActivate(closed);
    const open = message(socket, 'open');
    await guard.canActivate(open);
    expect(callerOf(closed).user).toMatchObject({ id: 'anna' });
    expect(callerOf(open)).toEqual({});
  });

  it('knows who sent a message that is text alone', async () => {
    const context = call('ws', 'closed', [client({ token }), 'text', 'pattern']);
    expect(await guard.canActivate(context)).toBe(true);
    expect(callerOf(context).user).toMatchObject({ id: 'anna' });
  });

  it('a token that is not accepted is refused where a login is optional, too', async () => {
    const wrong = message(client({ token: 'word' }), 'optional');
    await expect(guard.canActivate(wrong)).rejects.toMatchObject({
      error: { errorCode: 'token_invalid' },
    });
  });

  it('an outage is answered as one', async () => {
    vi.spyOn(app.store, 'read').mockRejectedValueOnce(new Error('connection lost'));
    await expect(guard.canActivate(message(client({ token })))).rejects.toMatchObject({
      error: { status: 'error', errorCode: 'token_state_unavailable' },
    });
  });

  it('a socket whose handshake is not known has no token', async () => {
    await expect(guard.canActivate(message({}))).rejects.toThrow('carries no access token');
    expect(await guard.canActivate(message({}, 'optional'))).toBe(true);
  });
});

describe('RPC', () => {
  it('an event that is refused is named in the log', async () => {
    const warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
    const event = call('rpc', 'happened', [{}, {}]);
    await expect(guard.canActivate(event)).rejects.toThrow('carries no access token');
    expect(warn).toHaveBeenCalledWith('Handlers.happened dropped an event: token_missing');
    expect(warn.mock.contexts[0]).toHaveProperty('context', 'TokenInvalidation');
  });

  it('a message that is refused is not: its sender gets the answer', async () => {
    const warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
    for (const each of [
      call('rpc', 'closed', [{}, {}]),
      call('ws', 'happened', [client({}), {}, 'pattern']),
    ]) {
      await expect(guard.canActivate(each)).rejects.toThrow('carries no access token');
    }
    expect(warn).not.toHaveBeenCalled();
  });
});

function grpcMetadata(values: Record<string, string> = {}): Metadata {
  const made = new Metadata();
  for (const [name, value] of Object.entries(values)) made.set(name, value);
  return made;
}
const bearer = () => grpcMetadata({ authorization: `Bearer ${token}` });

/** The status that the client gets. */
async function statusOf(handler: keyof Handlers, sent: Metadata) {
  const refused: unknown = await guard
    .canActivate(call('rpc', handler, [{}, sent]))
    .catch((error: unknown) => error);
  const { metadata: trailing, ...status } = (
    refused as { getError(): { metadata: Metadata } }
  ).getError();
  expect(trailing).toBeInstanceOf(Metadata);
  expect(trailing).not.toBe(sent);
  return { ...status, trailing: trailing.getMap() };
}

describe('gRPC', () => {
  it('has the token in the metadata', async () => {
    const context = call('rpc', 'closed', [{}, bearer()]);
    expect(await guard.canActivate(context)).toBe(true);
    expect(callerOf(context).user).toMatchObject({ id: 'anna' });
  });

  it('answers UNAUTHENTICATED, with the code in the trailing metadata', async () => {
    const details = 'The request carries no access token';
    expect(await statusOf('closed', grpcMetadata())).toEqual({
      code: 16,
      message: details,
      details,
      trailing: { 'error-code': 'token_missing' },
    });
  });

  it('says how recent a login must be', async () => {
    app.clock.advance(601);
    expect(await statusOf('recent', bearer())).toMatchObject({
      code: 16,
      trailing: { 'error-code': 'reauthentication_required', 'max-age': '600' },
    });
    app.clock.advance(-601);
  });

  it('answers UNAVAILABLE in an outage', async () => {
    vi.spyOn(app.store, 'read').mockRejectedValueOnce(new Error('connection lost'));
    expect(await statusOf('closed', bearer())).toMatchObject({
      code: 14,
      trailing: { 'error-code': 'token_state_unavailable' },
    });
  });
});

describe('RPC by a transport of the application', () => {
  let own: MemoryApp;
  beforeAll(async () => {
    own = await createMemoryApp({
      module: { rpc: { token: (data: { token?: string } | string) => Object(data).token ?? data } },
    });
    own.tokenOf('anna');
  });
  afterAll(() => own?.close());
  const admits = (context: ExecutionContext) =>
    own.app.get(RevocableJwtGuard, { strict: false }).canActivate(context);

  it('refuses a message without a token, with or without a context', async () => {
    for (const args of [[{}], [{}, {}], [{}, undefined]]) {
      await expect(admits(call('rpc', 'closed', args))).rejects.toMatchObject({
        error: { errorCode: 'token_invalid' },
      });
    }
  });

  it('an open handler of a message knows nobody, though another one of it does', async () => {
    const args = [{ token }, {}];
    const [closed, open] = [call('rpc', 'closed', args), call('rpc', 'open', args)];
    await admits(closed);
    await admits(open);
    expect(callerOf(closed).user).toMatchObject({ id: 'anna' });
    expect(callerOf(open)).toEqual({});
  });

  it('knows who sent data that comes without a context', async () => {
    const context = call('rpc', 'closed', [{ token }]);
    expect(await admits(context)).toBe(true);
    expect(callerOf(context).user).toMatchObject({ id: 'anna' });
  });

  it('knows who sent data that is text alone, by the context', async () => {
    const context = call('rpc', 'closed', [token, {}]);
    expect(await admits(context)).toBe(true);
    expect(callerOf(context).user).toMatchObject({ id: 'anna' });
  });

  it('says what to do where nothing can hold who sent the message', async () => {
    await expect(admits(call('rpc', 'closed', [token]))).rejects.toThrow(
      'have your transport strategy hand a context to its handlers',
    );
    await expect(admits(call('rpc', 'open', [token]))).resolves.toBe(true);
  });
});

describe('HTTP', () => {
  it('has the caller on the request, where Passport puts it', async () => {
    const context = call('http', 'closed', [request(), {}]);
    expect(await guard.canActivate(context)).toBe(true);
    expect(callerOf(context)).toMatchObject({ user: { id: 'anna' }, claims: { sub: 'anna' } });
  });
});

describe('any context', () => {
  it('a call that passed is not judged again, by no instance of the guard', async () => {
    const read = vi.spyOn(app.store, 'read');
    const context = message(client({ token }));
    const ofModule = new RevocableJwtGuard(
      new Reflector(),
      app.app.get(TokenVerifier, { strict: false }),
      app.app.get<HttpSettings>(HTTP_SETTINGS, { strict: false }),
    );
    for (const each of [guard, guard, ofModule]) expect(await each.canActivate(context)).toBe(true);
    expect(read).toHaveBeenCalledTimes(1);
  });

  it('a mistake of the application is handed on', async () => {
    const mistake = new Error('of the application');
    const answer = { everyone: { loggedOutAt: null, version: 0 }, records: [mistake] };
    vi.spyOn(app.store, 'read').mockResolvedValueOnce(answer);
    const context = call('ws', 'closed', [
      { handshake: { headers: {}, auth: { token } } },
      {},
      'x',
    ]);
    await expect(guard.canActivate(context)).rejects.toBe(mistake);
  });

  it('a context that it does not know is not guarded by guessing', async () => {
    await expect(guard.canActivate(call('telegraf', 'closed', [{}]))).rejects.toThrow(
      'RevocableJwtGuard guards HTTP, GraphQL, WebSocket messages and RPC, and was called for "telegraf": call TokenVerifier there.',
    );
  });
});

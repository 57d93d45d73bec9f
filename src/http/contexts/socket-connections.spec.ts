import { EventEmitter } from 'node:events';
import type { ApplicationConfig } from '@nestjs/core';
import { describe, expect, it, vi } from 'vitest';
import { SocketConnections } from './socket-connections.js';

type OnConnection = (client: object, ...rest: unknown[]) => void;

/** An adapter that connects a client when the test says so. */
class Adapter {
  private readonly listeners: OnConnection[] = [];

  bindClientConnect(server: unknown, onConnection: OnConnection): unknown {
    this.listeners.push(onConnection);
    return server;
  }

  connect(client: object, ...rest: unknown[]): void {
    for (const listener of this.listeners) listener(client, ...rest);
  }
}

/** A client of ws. */
class Client extends EventEmitter {
  readonly send = vi.fn<(text: string) => void>();
}

/** The configuration of an application that has this adapter from the beginning. */
function configOf(adapter: Adapter | null) {
  let current = adapter;
  const config = {
    getIoAdapter: () => current,
    setIoAdapter: (next: Adapter) => void (current = next),
  };
  return config as typeof config & ApplicationConfig;
}

/** Connections over an adapter that has one gateway. */
function setUp() {
  const adapter = new Adapter();
  const connections = new SocketConnections(configOf(adapter));
  const onConnection = vi.fn<OnConnection>();
  expect(adapter.bindClientConnect('the server', onConnection)).toBe('the server');
  return { adapter, connections, onConnection };
}

const request = { headers: { authorization: 'Bearer abc' }, url: '/' };

describe('the handshake of a client', () => {
  it('is its upgrade request, which the gateway gets as well', () => {
    const { adapter, connections, onConnection } = setUp();
    const client = new Client();
    adapter.connect(client, request, 'more');
    expect(connections.handshakeOf(client)).toEqual({ headers: request.headers });
    expect(onConnection).toHaveBeenCalledExactlyOnceWith(client, request, 'more');
  });

  it('is known of an adapter that the application sets later', () => {
    const config = configOf(null);
    const connections = new SocketConnections(config);
    const adapter = new Adapter();
    config.setIoAdapter(adapter as never);
    expect(config.getIoAdapter()).toBe(adapter);
    adapter.bindClientConnect('the server', () => {});
    const client = new Client();
    adapter.connect(client, request);
    expect(connections.handshakeOf(client)).toEqual({ headers: request.headers });
  });

  it('is its own with socket.io', () => {
    const { adapter, connections } = setUp();
    const client = Object.assign(new Client(), { handshake: { headers: {}, auth: {} } });
    adapter.connect(client, request);
    expect(connections.handshakeOf(client)).toBe(client.handshake);
    expect(client.listenerCount('exception')).toBe(0);
  });

  it.each([[undefined], [{}]])('is not known where the adapter hands on %j', (handedOn) => {
    const { adapter, connections, onConnection } = setUp();
    const client = new Client();
    adapter.connect(client, handedOn);
    expect(connections.handshakeOf(client)).toBeUndefined();
    expect(onConnection).toHaveBeenCalledOnce();
  });
});

describe('a refusal that the server emits on the socket', () => {
  const payload = { status: 'error' };

  it('is sent, once, however many gateways share the client', () => {
    const { adapter, connections } = setUp();
    adapter.bindClientConnect('the server', () => {});
    const client = new Client();
    adapter.connect(client, request);
    client.emit('exception', connections.deliver(payload));
    expect(client.send).toHaveBeenCalledExactlyOnceWith(
      JSON.stringify({ event: 'exception', data: payload }),
    );
  });

  it('is left alone when it is none of ours', () => {
    const { adapter } = setUp();
    const client = new Client();
    adapter.connect(client, request);
    client.emit('exception', { ...payload });
    expect(client.send).not.toHaveBeenCalled();
  });

  it('needs no client that listens or sends', () => {
    const { adapter, connections } = setUp();
    const mute = new EventEmitter();
    adapter.connect(mute, request);
    expect(() => mute.emit('exception', connections.deliver({ ...payload }))).not.toThrow();
    const deaf = {};
    adapter.connect(deaf, request);
    expect(connections.handshakeOf(deaf)).toBeDefined();
  });
});

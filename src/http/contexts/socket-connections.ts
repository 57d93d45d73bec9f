import { Injectable } from '@nestjs/common';
import { ApplicationConfig } from '@nestjs/core';
import type { Handshake } from './handshake.js';

/** As much of a client of socket.io or ws as is used. */
interface SocketClient {
  /** Of socket.io. */
  readonly handshake?: Handshake;
  /** Of ws, as of every WebSocket. */
  readonly readyState?: number;
  send?(text: string): void;
  on?(event: string, listener: (payload: object) => void): void;
}

type OnConnection = (client: SocketClient, ...rest: unknown[]) => void;

/** As much of a WebSocket adapter as is used. */
interface SocketAdapter {
  bindClientConnect(server: unknown, onConnection: OnConnection): unknown;
}

/**
 * Knows how each client connected, which its messages do not say: ws hands the upgrade request only to the listener of
 * the connection. So the application's adapter is watched as soon as Nest sets it.
 */
@Injectable()
export class SocketConnections {
  private readonly requests = new WeakMap<object, Handshake>();
  private readonly toDeliver = new WeakSet<object>();

  constructor(config: ApplicationConfig) {
    const current = config.getIoAdapter() as SocketAdapter | null | undefined;
    if (current) this.watch(current);
    const setIoAdapter = config.setIoAdapter.bind(config);
    config.setIoAdapter = (adapter) => {
      this.watch(adapter as SocketAdapter);
      setIoAdapter(adapter);
    };
  }

  /** How this client connected; `undefined` for a client of an adapter that does not say. */
  handshakeOf(client: SocketClient): Handshake | undefined {
    return client.handshake ?? this.requests.get(client);
  }

  /**
   * Makes this payload reach clients of ws too: NestJS 11 emits it on the server's own socket object, and sends
   * nothing.
   */
  deliver<Payload extends object>(payload: Payload): Payload {
    this.toDeliver.add(payload);
    return payload;
  }

  private watch(adapter: SocketAdapter): void {
    const bind = adapter.bindClientConnect.bind(adapter);
    adapter.bindClientConnect = (server, onConnection) =>
      bind(server, (client, ...rest) => {
        this.meet(client, rest[0] as Handshake | undefined);
        onConnection(client, ...rest);
      });
  }

  private meet(client: SocketClient, request: Handshake | undefined): void {
    if (client.handshake !== undefined || request?.headers === undefined) return;
    // Gateways of one server share its clients.
    if (this.requests.has(client)) return;
    this.requests.set(client, { headers: request.headers });
    client.on?.('exception', (payload) => {
      if (!this.toDeliver.has(payload)) return;
      client.send?.(JSON.stringify({ event: 'exception', data: payload }));
    });
  }
}

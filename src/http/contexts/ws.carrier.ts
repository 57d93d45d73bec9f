import type { ArgumentsHost, ExecutionContext } from '@nestjs/common';
import type { HttpSettings } from '../http-settings.js';
import { type CallAnswer, payloadOf } from './call-answer.js';
import { noteCaller } from './caller.js';
import type { TokenCarrier } from './token-carrier.js';

/** Messages of a gateway: the token is found once a connection, and judged for every message. */
export class WsCarrier implements TokenCarrier {
  readonly keepCaller = noteCaller;
  private readonly tokens = new WeakMap<object, string | null>();

  constructor(private readonly settings: HttpSettings) {}

  tokenOf(context: ExecutionContext): string | null {
    const client = clientOf(context);
    let token = this.tokens.get(client);
    if (token === undefined) this.tokens.set(client, (token = this.find(client)));
    return token;
  }

  errorFor(context: ArgumentsHost, answer: CallAnswer): Error {
    const { WsException } = require('@nestjs/websockets') as {
      WsException: new (payload: object) => Error;
    };
    // As Nest's own errors say which message they answer.
    const payload = { ...payloadOf(answer), cause: { pattern: context.switchToWs().getPattern() } };
    return new WsException(this.settings.sockets.deliver(payload));
  }

  private find(client: object): string | null {
    const { handshake, sockets } = this.settings;
    const sent = sockets.handshakeOf(client);
    return sent === undefined ? null : handshake.tokenOf(sent);
  }
}

/** Not by `switchToWs()`, which makes three functions a call. */
function clientOf(context: ArgumentsHost): object {
  return context.getArgByIndex<object>(0);
}

import { EventPattern, MessagePattern, Transport } from '@nestjs/microservices';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { expect, it } from 'vitest';
import {
  gatewayMessage,
  isEventHandler,
  isGateway,
  rpcPatterns,
  rpcTransport,
} from './message-handlers.js';

@WebSocketGateway()
class Gateway {
  @SubscribeMessage('track')
  track(): void {}

  helper(): void {}
}

class Messages {
  @MessagePattern({ cmd: 'sum' })
  sum(): void {}

  @EventPattern('paid', Transport.NATS)
  paid(_event: unknown): void {}

  helper(): void {}
}

const methodOf = <Name extends string>(type: { prototype: Record<Name, object> }, name: Name) =>
  type.prototype[name];

it('a gateway, and the messages that it handles', () => {
  expect([isGateway(Gateway), isGateway(Messages)]).toEqual([true, false]);
  expect(gatewayMessage(methodOf(Gateway, 'track'))).toBe('track');
  expect(gatewayMessage(methodOf(Gateway, 'helper'))).toBeUndefined();
});

it('what a microservice handles, and over which transport', () => {
  expect(rpcPatterns(methodOf(Messages, 'sum'))).toEqual([{ cmd: 'sum' }]);
  expect(rpcPatterns(methodOf(Messages, 'paid'))).toEqual(['paid']);
  expect(rpcPatterns(methodOf(Messages, 'helper'))).toBeUndefined();
  expect(rpcTransport(methodOf(Messages, 'paid'))).toBe(Transport.NATS);
  expect(rpcTransport(methodOf(Messages, 'sum'))).toBeUndefined();
});

it('an event, whose sender waits for no answer', () => {
  expect(isEventHandler(methodOf(Messages, 'paid'))).toBe(true);
  expect(isEventHandler(methodOf(Messages, 'sum'))).toBe(false);
});

it('metadata of the application under the same name is no message', () => {
  const method = methodOf(Messages, 'helper');
  Reflect.defineMetadata('message', 'of the application', method);
  expect(gatewayMessage(method)).toBeUndefined();
});

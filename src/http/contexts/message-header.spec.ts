import { expect, it } from 'vitest';
import { messageHeader } from './message-header.js';

const nats = (headers: Record<string, string>) => ({
  getHeaders: () => ({ keys: () => Object.keys(headers), get: (name: string) => headers[name]! }),
});
const grpc = (values: unknown[]) => ({ getMap: () => ({}), get: () => values, set: () => {} });

it.each<[name: string, message: object]>([
  ['NATS', nats({ Authorization: 'Bearer abc' })],
  ['gRPC', grpc(['Bearer abc'])],
  ['Kafka', { getMessage: () => ({ headers: { authorization: Buffer.from('Bearer abc') } }) }],
  [
    'RabbitMQ',
    { getMessage: () => ({ properties: { headers: { AUTHORIZATION: 'Bearer abc' } } }) },
  ],
])('reads a header of %s', (_, message) => {
  expect(messageHeader(message, 'authorization')).toBe('Bearer abc');
});

it.each<[name: string, message: object]>([
  ['NATS without headers', { getHeaders: () => undefined }],
  ['NATS with others', nats({ other: 'x' })],
  ['gRPC without it', grpc([])],
  ['gRPC with bytes under the name', grpc([{}])],
  ['Kafka without headers', { getMessage: () => ({}) }],
  ['RabbitMQ without headers', { getMessage: () => ({ properties: {} }) }],
  ['TCP', { getPattern: () => 'x' }],
])('finds none in %s', (_, message) => {
  expect(messageHeader(message, 'authorization')).toBeUndefined();
});

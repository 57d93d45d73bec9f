import { Metadata } from '@grpc/grpc-js';
import {
  KafkaContext,
  MqttContext,
  NatsContext,
  RedisContext,
  RmqContext,
  TcpContext,
} from '@nestjs/microservices';
import { expect, it } from 'vitest';
import { isGrpcMetadata, messageHeader } from './message-header.js';

type Headers = Record<string, unknown>;

function nats(headers: Record<string, string> | undefined): NatsContext {
  return new NatsContext([
    'subject',
    // The real ones take text alone.
    headers && { keys: () => Object.keys(headers), get: (name: string) => headers[name.trim()]! },
  ]);
}

function grpc(values: Record<string, string | Buffer>): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(values)) metadata.set(name, value);
  return metadata;
}

// As kafkajs and amqplib hand messages over.
const kafka = (headers?: Headers) =>
  new KafkaContext([
    { key: null, value: null, timestamp: '0', attributes: 0, offset: '0', headers },
    0,
    'topic',
    {},
    async () => {},
    {},
  ] as unknown as ConstructorParameters<typeof KafkaContext>[0]);
const rabbit = (headers?: Headers) =>
  new RmqContext([{ fields: {}, properties: { headers }, content: Buffer.of() }, {}, 'pattern']);
const mqtt = (userProperties: Headers) =>
  new MqttContext(['topic', { cmd: 'publish', properties: { userProperties } }]);

it.each<[name: string, message: object]>([
  ['NATS', nats({ Authorization: 'Bearer abc' })],
  ['gRPC', grpc({ authorization: 'Bearer abc' })],
  ['Kafka', kafka({ authorization: Buffer.from('Bearer abc') })],
  ['Kafka, as text', kafka({ authorization: 'Bearer abc' })],
  ['RabbitMQ', rabbit({ AUTHORIZATION: 'Bearer abc' })],
])('reads a header of %s', (_, message) => {
  expect(messageHeader(message, 'authorization')).toBe('Bearer abc');
});

it.each<[name: string, message: object]>([
  ['NATS without headers', nats(undefined)],
  ['NATS with others', nats({ other: 'x' })],
  ['gRPC without it', grpc({})],
  ['gRPC with bytes under the name', { getMap: () => ({}), get: () => [{}], set: () => {} }],
  ['Kafka without headers', kafka()],
  ['Kafka with others', kafka({ 'x-token': 'Bearer abc' })],
  ['Kafka with the header twice', kafka({ authorization: [Buffer.from('a'), Buffer.from('b')] })],
  ['RabbitMQ without headers', rabbit()],
  ['RabbitMQ with a number', rabbit({ authorization: 7 })],
  ['MQTT', mqtt({ authorization: 'Bearer abc' })],
  ['TCP', new TcpContext([{}, 'x'] as unknown as ConstructorParameters<typeof TcpContext>[0])],
  ['Redis', new RedisContext(['channel'])],
  ['a transport of the application', {}],
])('finds none in %s', (_, message) => {
  expect(messageHeader(message, 'authorization')).toBeUndefined();
});

it('knows metadata of gRPC by what it needs of them', () => {
  const [get, getMap, set] = [() => [], () => ({}), () => {}];
  expect(isGrpcMetadata({ get, getMap, set })).toBe(true);
  for (const other of [{ get, set }, { getMap, set }, { get, getMap }, {}]) {
    expect(isGrpcMetadata(other)).toBe(false);
  }
});

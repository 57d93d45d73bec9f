/** Finds the token in a message of a transport without headers, such as TCP and Redis; no text: there is none. */
// oxlint-disable-next-line typescript/no-explicit-any -- data and context are the application's and the transport's
export type MessageTokenExtractor = (data: any, context: any) => string | null | undefined;

/** Metadata of gRPC: the context of its messages. */
export interface GrpcMetadata {
  get(name: string): unknown[];
  getMap(): object;
  set(name: string, value: string): void;
}

/** Headers of NATS. */
interface NatsHeaders {
  keys(): Iterable<string>;
  get(name: string): string;
}

type Headers = Readonly<Record<string, unknown>>;

/** As much of the contexts of Nest's transports as is used. */
interface MessageContext {
  /** NATS. */
  getHeaders?(): NatsHeaders | undefined;
  /** Kafka has headers on the message, RabbitMQ among its properties. */
  getMessage?(): { headers?: Headers; properties?: { headers?: Headers } } | undefined;
}

export function isGrpcMetadata(message: object): message is GrpcMetadata {
  return 'getMap' in message && 'get' in message && 'set' in message;
}

/** A header of a message, whichever case its name has; `undefined` where there is none, as on TCP and Redis. */
export function messageHeader(message: object, name: string): string | undefined {
  return textOf(isGrpcMetadata(message) ? message.get(name)[0] : headerOf(message, name));
}

function headerOf(message: MessageContext, name: string): unknown {
  const ofNats = message.getHeaders?.();
  if (ofNats === undefined) return valueIn(headersOf(message), name);
  const key = [...ofNats.keys()].find((each) => each.toLowerCase() === name);
  return key === undefined ? undefined : ofNats.get(key);
}

function headersOf(message: MessageContext): Headers {
  const found = message.getMessage?.();
  return found?.headers ?? found?.properties?.headers ?? {};
}

function valueIn(headers: Headers, name: string): unknown {
  return Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
}

/** Kafka has the values of headers as bytes. */
function textOf(value: unknown): string | undefined {
  if (Buffer.isBuffer(value)) return value.toString();
  return typeof value === 'string' ? value : undefined;
}

/** What a client sent when it connected: a WebSocket, socket.io or a GraphQL subscription. */
export interface Handshake {
  /** The headers of the upgrade request, their names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** What a socket.io client gives as `auth`. */
  readonly auth?: Readonly<Record<string, unknown>> | undefined;
  /** What a GraphQL client gives as `connectionParams`. */
  readonly connectionParams?: Readonly<Record<string, unknown>> | undefined;
}

/** A place of a handshake where the token may be. */
export type HandshakeSource =
  /** `Authorization: Bearer` (RFC 6750 section 2.1). Browsers cannot send it. */
  | 'header'
  /** A field of what a socket.io client gives as `auth`. */
  | `auth.${string}`
  /** A field of what a GraphQL client gives as `connectionParams`; case does not count. */
  | `connectionParams.${string}`
  /** A cookie. The handshake must come from an allowed origin. */
  | `cookie.${string}`
  /** `new WebSocket(url, [name, token])`: the subprotocol after the one of this name. */
  | `subprotocol.${string}`;

type Reader = (handshake: Handshake, name: string) => unknown;

const READERS: Readonly<Record<string, Reader>> = {
  header: ({ headers }) => headers['authorization'],
  auth: ({ auth }, name) => auth?.[name],
  connectionParams: ({ connectionParams }, name) => fieldOf(connectionParams, name),
  cookie: ({ headers }, name) => cookieOf(headers['cookie'], name),
  subprotocol: ({ headers }, name) => {
    const offered = listOf(headers['sec-websocket-protocol'], ',');
    const place = offered.indexOf(name);
    return place === -1 ? undefined : offered[place + 1];
  },
};

export function isHandshakeSource(value: unknown): value is HandshakeSource {
  if (value === 'header') return true;
  const [kind, name] = splitSource(String(value));
  return kind !== 'header' && Object.hasOwn(READERS, kind) && name !== '';
}

export function isCookie(source: HandshakeSource): boolean {
  return source.startsWith('cookie.');
}

/** The token that the handshake carries at this place; `null`: none. */
export function readSource(source: HandshakeSource, handshake: Handshake): string | null {
  const [kind, name] = splitSource(source);
  const value = READERS[kind]!(handshake, name);
  if (typeof value !== 'string' || value === '') return null;
  const bearer = /^bearer +/i.exec(value);
  if (bearer !== null) return value.slice(bearer[0].length);
  // A header of another scheme is no token of ours; elsewhere the scheme may be left out.
  return kind === 'header' ? null : value;
}

function splitSource(source: string): [kind: string, name: string] {
  const dot = source.indexOf('.');
  return dot === -1 ? [source, ''] : [source.slice(0, dot), source.slice(dot + 1)];
}

function fieldOf(params: Handshake['connectionParams'], name: string): unknown {
  const wanted = name.toLowerCase();
  return Object.entries(params ?? {}).find(([field]) => field.toLowerCase() === wanted)?.[1];
}

/** The value of a cookie in a request; of several with one name, the first, which has the longest path (RFC 6265 section 5.4). */
export function cookieOf(header: string | string[] | undefined, name: string): string | undefined {
  const found = listOf(header, ';').find((pair) => pair.startsWith(`${name}=`));
  return found?.slice(name.length + 1).replace(/^"(.*)"$/, '$1');
}

function listOf(header: string | string[] | undefined, separator: string): string[] {
  const text = Array.isArray(header) ? header.join(separator) : (header ?? '');
  return text.split(separator).map((item) => item.trim());
}

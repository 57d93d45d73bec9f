import { connect } from 'node:net';

/** What came back, as far as HTTP goes. */
export interface RawAnswer {
  readonly status: number;
  /** Status line, headers and body as they came. */
  readonly text: string;
}

/** A GET whose Authorization header is exactly these bytes, which no HTTP client would send. */
export function rawGet(url: string, path: string, authorization: Buffer): Promise<RawAnswer> {
  const { hostname, port, host } = new URL(url);
  const head = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\nAuthorization: `;
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(Number(port), hostname);
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    // A server that answers before it has read everything may reset the connection behind its answer.
    socket.on('error', (error) => (chunks.length > 0 ? undefined : reject(error)));
    socket.on('close', () => {
      const text = Buffer.concat(chunks).toString('latin1');
      resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1]), text });
    });
    socket.write(Buffer.concat([Buffer.from(head), authorization, Buffer.from('\r\n\r\n')]));
  });
}

import type { Answer } from './connection.js';
import type { Call } from './messages.js';

/** The bytes of a request, made once. */
export class PreparedCall {
  readonly bytes: Buffer;

  constructor(
    private readonly call: Call,
    url: URL,
  ) {
    const { name, value } = call.credential;
    this.bytes = Buffer.from(
      `GET /me HTTP/1.1\r\nhost: ${url.host}\r\naccept: application/json\r\n${name}: ${value}\r\n\r\n`,
    );
  }

  /** What is wrong with the answer. */
  problem({ status, body }: Answer): string | undefined {
    const expected = this.call;
    if (status === expected.status && (expected.body === undefined || body === expected.body))
      return undefined;
    return `expected ${expected.status} ${expected.body ?? ''}, got ${status} ${body}`;
  }
}

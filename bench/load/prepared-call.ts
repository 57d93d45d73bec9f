import type { Answer } from './connection.js';
import type { Call } from './messages.js';

/** What the load sends, and what it takes for an answer. */
export interface LoadCall {
  readonly bytes: Buffer;
  /** What is wrong with the answer. */
  problem(answer: Answer): string | undefined;
}

/** A request that is always the same: its bytes are made once. */
export class PreparedCall implements LoadCall {
  readonly bytes: Buffer;

  constructor(
    private readonly call: Call,
    url: URL,
  ) {
    const { method, path } = call;
    const { name, value } = call.credential;
    const length = method === 'POST' ? 'content-length: 0\r\n' : '';
    this.bytes = Buffer.from(
      `${method} ${path} HTTP/1.1\r\nhost: ${url.host}\r\naccept: application/json\r\n${length}${name}: ${value}\r\n\r\n`,
    );
  }

  problem({ status, body }: Answer): string | undefined {
    const expected = this.call;
    if (status === expected.status && (expected.body === undefined || body === expected.body))
      return undefined;
    return `expected ${expected.status} ${expected.body ?? ''}, got ${status} ${body}`;
  }
}

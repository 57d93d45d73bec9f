import { connect, type Socket } from 'node:net';

const HEAD_END = Buffer.from('\r\n\r\n');
const NOTHING = Buffer.alloc(0);

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/**
 * A keep-alive connection with one request at a time. It reads no more of HTTP than servers of Node answer with a small
 * body: every microsecond that the load needs is one that the database or the server lacks on a small machine.
 */
export class Connection {
  private received: Buffer = NOTHING;

  private constructor(private readonly socket: Socket) {}

  static open(
    url: URL,
    onAnswer: (answer: Answer) => void,
    onBroken: (reason: string) => void,
  ): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true });
      const connection = new Connection(socket);
      socket.on('data', (chunk: Buffer) => {
        const answer = connection.read(chunk);
        if (answer) onAnswer(answer);
      });
      socket.once('error', (error) => {
        reject(error);
        onBroken(error.message);
      });
      socket.once('close', () => onBroken('the server closed a connection'));
      socket.once('connect', () => resolve(connection));
    });
  }

  send(bytes: Buffer): void {
    this.socket.write(bytes);
  }

  close(): void {
    this.socket.removeAllListeners('close').destroy();
  }

  /** The answer, once it's complete. */
  private read(chunk: Buffer): Answer | undefined {
    const bytes = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk]);
    const headEnd = bytes.indexOf(HEAD_END);
    if (headEnd !== -1) {
      const head = bytes.toString('latin1', 0, headEnd);
      const bodyStart = headEnd + HEAD_END.length;
      const bodyEnd = bodyStart + contentLength(head);
      if (bytes.length >= bodyEnd) {
        this.received = bytes.length === bodyEnd ? NOTHING : bytes.subarray(bodyEnd);
        return {
          status: Number(head.slice(9, 12)),
          body: bytes.toString('latin1', bodyStart, bodyEnd),
        };
      }
    }
    this.received = bytes;
    return undefined;
  }
}

function contentLength(head: string): number {
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
  if (length === undefined)
    throw new Error(`The load cannot read an answer without a length:\n${head}`);
  return Number(length);
}

import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type ListenOptions, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext, TLSSocket } from 'node:tls';

/** Of localhost and 127.0.0.1, self-signed, for tests alone: as `openssl req -x509` made it. */
const CERTIFICATE = [
  'MIIBaTCCAQ+gAwIBAgIUFGy1L7v/zdKrfOccQ4tq1+1mDz4wCgYIKoZIzj0EAwIwFDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2',
  'MTEyNjIzNTQ0OFoYDzIxMjYxMTAyMjM1NDQ4WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC',
  'AASbshBQGrKO6NhnkEaBB9kfUwl5WGni24aGVJ03wicZ2C5EshlN7xUIKRKGLS8yvDb3CxOUkhgLiZ+xlqytjjjyoz0wOzAaBgNV',
  'HREEEzARgglsb2NhbGhvc3SHBH8AAAEwHQYDVR0OBBYEFPx3wl2pw3ION+97UmcwtdZotXQYMAoGCCqGSM49BAMCA0gAMEUCICth',
  'ynCeyCtDmXgI9RWFjjwK5l7JGvAGdhIr1qNyhF2tAiEA56q+d2z9jMwTt5y0JR92+0Z0slh7mu8eQFOyG4wMB9I=',
].join('');
const KEY = [
  'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgGPuw2IQ+yHfvPNttultuUzw7mPVLSPbsaQlWkymQMZKhRANCAASb',
  'shBQGrKO6NhnkEaBB9kfUwl5WGni24aGVJ03wicZ2C5EshlN7xUIKRKGLS8yvDb3CxOUkhgLiZ+xlqytjjjy',
].join('');

/** What a client sends first, after its length: that it wants TLS, or that a statement is to be ended. */
const SSL_REQUEST = 80_877_103;
const CANCEL_REQUEST = 80_877_102;
/** How a TLS handshake begins. */
const HANDSHAKE = 0x16;

/** Another way to a database. */
export abstract class Front {
  /** How many statements were to be ended by this way. */
  cancelRequests = 0;
  protected readonly server = createServer((socket) => this.admit(socket));
  private readonly open = new Set<Socket>();

  constructor(private readonly databaseUrl: string) {}

  async listen(where: ListenOptions): Promise<void> {
    this.server.on('connection', (socket) => {
      this.open.add(socket);
      socket.once('close', () => this.open.delete(socket));
    });
    this.server.listen(where);
    await once(this.server, 'listening');
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      for (const socket of this.open) socket.destroy();
    });
  }

  protected abstract admit(socket: Socket): void;

  protected carry(client: Socket): void {
    const { hostname, port } = new URL(this.databaseUrl);
    const database = connect(Number(port), hostname);
    client.once('data', (first) => {
      if (codeOf(first) === CANCEL_REQUEST) this.cancelRequests += 1;
    });
    for (const [from, to] of [
      [client, database],
      [database, client],
    ] as const) {
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
      from.pipe(to);
    }
  }
}

/** A way for those who use TLS, as a hosted database has it. */
export class TlsFront extends Front {
  /** What its clients have to trust. */
  readonly ca = pem('CERTIFICATE', CERTIFICATE);
  /** How many came without TLS, and were turned away. */
  turnedAway = 0;
  private readonly settings = {
    isServer: true,
    secureContext: createSecureContext({ cert: this.ca, key: pem('PRIVATE KEY', KEY) }),
    ALPNProtocols: ['postgresql'],
  };

  static async open(databaseUrl: string): Promise<TlsFront> {
    const front = new TlsFront(databaseUrl);
    await front.listen({ port: 0, host: '127.0.0.1' });
    return front;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  protected admit(socket: Socket): void {
    socket.on('error', () => undefined);
    socket.once('data', (first) => {
      // What comes from now on is for the TLS socket.
      socket.pause();
      if (codeOf(first) === SSL_REQUEST) this.encrypt(socket, (plain) => plain.write('S'));
      else if (first[0] === HANDSHAKE) this.encrypt(socket, (plain) => plain.unshift(first));
      else this.turnAway(socket);
    });
  }

  private encrypt(socket: Socket, begin: (plain: Socket) => void): void {
    begin(socket);
    this.carry(new TLSSocket(socket, this.settings));
  }

  private turnAway(socket: Socket): void {
    this.turnedAway += 1;
    socket.destroy();
  }
}

/** A way by a socket in the file system. */
export class SocketFront extends Front {
  /** Where pg finds the socket, with its default port. */
  readonly folder = mkdtempSync(join(tmpdir(), 'tti-socket-'));

  static async open(databaseUrl: string): Promise<SocketFront> {
    const front = new SocketFront(databaseUrl);
    await front.listen({ path: join(front.folder, '.s.PGSQL.5432') });
    return front;
  }

  override async close(): Promise<void> {
    await super.close();
    rmSync(this.folder, { recursive: true });
  }

  protected admit(socket: Socket): void {
    this.carry(socket);
  }
}

function codeOf(message: Buffer): number | undefined {
  return message.length < 8 ? undefined : message.readInt32BE(4);
}

function pem(label: string, der: string): string {
  const lines = der.match(/.{1,64}/g)!;
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

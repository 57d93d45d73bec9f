import { connect, createServer, type Server, type Socket } from 'node:net';
import { randomPort } from '../../../tools/embedded-postgres/ports.js';
import {
  type Carry,
  cutAfter,
  DRIPPING,
  type Link,
  OPEN,
  reset,
  resetAt,
  SWALLOWED,
} from './tcp-faults.js';

/**
 * Stands between a client and PostgreSQL and breaks what a network breaks. A connection that has lost bytes stays silent
 * for ever, also when the way is open again: as when the peer is gone and nobody says so.
 */
export class TcpProxy {
  private readonly links = new Set<Link>();
  private readonly lost = new WeakSet<Link>();
  private way = OPEN;
  /** What new connections wait for; absent: they go on at once. */
  private held: (() => void)[] | undefined;

  private constructor(
    private server: Server,
    private readonly port: number,
    private target: URL,
  ) {
    this.accept();
  }

  static async open(databaseUrl: string): Promise<TcpProxy> {
    for (let attempt = 0; attempt < 20; attempt++) {
      // Not one of the system's choice, which another program could be given while this one refuses.
      const port = randomPort();
      const server = await listen(port).catch(() => undefined);
      if (server) return new TcpProxy(server, port, new URL(databaseUrl));
    }
    throw new Error('None of 20 ports was free for the proxy.');
  }

  /** The url of the database, by way of this proxy. */
  get url(): string {
    const url = new URL(this.target);
    url.port = String(this.port);
    return url.href;
  }

  /** How many connections the application holds. */
  get connections(): number {
    return this.links.size;
  }

  /** How many of them will never carry anything again. */
  get forgotten(): number {
    return [...this.links].filter((link) => this.lost.has(link)).length;
  }

  /** Works again: for new connections, and for those that have lost nothing. */
  async heal(): Promise<void> {
    this.way = OPEN;
    for (const goOn of this.held ?? []) goOn();
    this.held = undefined;
    if (this.server.listening) return;
    this.server = await listen(this.port);
    this.accept();
  }

  /** Connections are reset, new ones are refused. */
  async refuse(): Promise<void> {
    this.resetAll();
    if (!this.server.listening) return;
    await new Promise((closed) => {
      this.server.close(closed);
    });
  }

  /** Connections are reset, new ones are accepted and never hear a word: a black hole. */
  silence(): void {
    this.resetAll();
    this.halfOpen();
  }

  /** Nothing comes through any more, and no connection learns of it. */
  halfOpen(): void {
    this.way = SWALLOWED;
    this.forget();
  }

  /** New connections are accepted, and reach the server when the way is open again: it is too busy for them. */
  holdNew(): void {
    this.held = [];
  }

  /** Connections are dead without a sign; new ones work: the server was replaced, or a firewall has forgotten them. */
  forget(): void {
    for (const link of this.links) this.lost.add(link);
  }

  /** The database answers one byte a second. */
  drip(): void {
    this.way = DRIPPING;
  }

  cutAfter(bytes: number): void {
    this.way = cutAfter(bytes);
  }

  resetAt(text: string, when: 'unsent' | 'answered'): void {
    this.way = resetAt(text, when);
  }

  resetAll(): void {
    for (const link of this.links) reset(link);
  }

  /** Another server answers from now on: a standby that took over. */
  switchTo(databaseUrl: string): void {
    this.target = new URL(databaseUrl);
    this.resetAll();
  }

  /** Another server answers on new connections; those that are open stay with the old one. */
  redirect(databaseUrl: string): void {
    this.target = new URL(databaseUrl);
  }

  /** A connection that is open now is reset when the client sends this text: it was closed a moment before. */
  resetOldAt(text: string): void {
    const old = new Set(this.links);
    this.way = {
      up: (data, to, link) =>
        old.has(link) && data.includes(text) ? reset(link) : OPEN.up(data, to, link),
      down: OPEN.down,
    };
  }

  close(): Promise<void> {
    return this.refuse();
  }

  private accept(): void {
    this.server.on('connection', (client: Socket) => {
      if (this.held) this.held.push(() => this.join(client));
      else this.join(client);
    });
  }

  private join(client: Socket): void {
    const upstream = connect(Number(this.target.port), this.target.hostname);
    const link = { client, upstream };
    this.links.add(link);
    this.carry(client, link, (...data) => this.way.up(...data));
    this.carry(upstream, link, (...data) => this.way.down(...data));
    client.on('close', () => {
      this.links.delete(link);
      upstream.destroy();
    });
    // Who has vanished does not say goodbye.
    upstream.on('close', () => this.lost.has(link) || client.destroy());
  }

  private carry(from: Socket, link: Link, carry: Carry): void {
    const to = from === link.client ? link.upstream : link.client;
    from.setNoDelay();
    from.on('error', () => undefined);
    from.on('data', (data) => {
      if (!this.lost.has(link) && carry(data, to, link) === 'lost') this.lost.add(link);
    });
  }
}

async function listen(port: number): Promise<Server> {
  const server = createServer();
  await new Promise<void>((listening, failed) => {
    server.once('error', failed);
    server.listen(port, '127.0.0.1', listening);
  });
  return server;
}

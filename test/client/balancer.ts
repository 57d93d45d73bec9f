import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import type { Random } from '../histories/random.js';

/** What a tab loads. Everything else goes to a node. */
const FILES: Readonly<Record<string, readonly [type: string, path: string]>> = {
  '/client.mjs': ['text/javascript', '../../dist/client/index.mjs'],
  '/tab.mjs': ['text/javascript', 'tab.mjs'],
};

const PAGE = '<!doctype html><title>Tab</title><script type="module" src="/tab.mjs"></script>';

/** Hands the requests of a browser to nodes in turn, as a load balancer does, and drops some of their answers. */
export class Balancer {
  /** Called before a refresh is handed on, with the place of its node. */
  onRefresh: ((place: number) => Promise<void>) | undefined;
  dropped = 0;
  failed = 0;
  refreshes = 0;
  private turn = 0;
  private readonly server = createServer((incoming, outgoing) => {
    void this.answer(incoming, outgoing);
  });

  /** @param nodes - their addresses, of which one may change */
  constructor(
    private readonly nodes: readonly { readonly url: string }[],
    private readonly random: Random,
  ) {}

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async listen(): Promise<void> {
    await once(this.server.listen(0, '127.0.0.1'), 'listening');
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private async answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { pathname } = new URL(incoming.url!, this.url);
    const [type, path] = FILES[pathname] ?? [];
    if (pathname === '/') return void outgoing.setHeader('content-type', 'text/html').end(PAGE);
    if (type !== undefined && path !== undefined) {
      const text = readFileSync(new URL(path, import.meta.url));
      return void outgoing.setHeader('content-type', type).end(text);
    }
    await this.handOn(incoming, outgoing).catch(() => {
      this.failed += 1;
      if (!outgoing.destroyed) outgoing.writeHead(502).end();
    });
  }

  private async handOn(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method, headers, url } = incoming;
    const body = await buffer(incoming);
    const place = this.turn++ % this.nodes.length;
    const isRefresh = url === '/auth/refresh';
    if (isRefresh) {
      this.refreshes += 1;
      await this.onRefresh?.(place);
    }
    const sent = request(new URL(url!, this.nodes[place]!.url), { method, headers, agent: false });
    sent.end(body);
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    const text = await buffer(answer);
    if (url !== '/device/login' && this.random.percent(isRefresh ? 40 : 10)) {
      this.dropped += 1;
      return void outgoing.destroy();
    }
    outgoing.writeHead(answer.statusCode!, answer.headers).end(text);
  }
}

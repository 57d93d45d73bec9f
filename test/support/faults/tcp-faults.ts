import type { Socket } from 'node:net';

/** A client's connection, and the one to the server that goes with it. */
export interface Link {
  readonly client: Socket;
  readonly upstream: Socket;
}

/** Hands on what came in, or doesn't. `'lost'`: the connection will never carry anything again. */
export type Carry = (data: Buffer, to: Socket, link: Link) => 'lost' | void;

/** How the two directions of a connection behave. */
export interface Way {
  /** What the client sends. */
  readonly up: Carry;
  /** What the server answers. */
  readonly down: Carry;
}

const forward: Carry = (data, to) => void to.write(data);
const lose: Carry = () => 'lost';

export const OPEN: Way = { up: forward, down: forward };
export const SWALLOWED: Way = { up: lose, down: lose };

/** The client sees a reset; the server, a client that went away. */
export function reset({ client, upstream }: Link): void {
  client.resetAndDestroy();
  upstream.destroy();
}

/** One byte a second of what the server answers. The rest of it takes for ever, so that nothing follows it. */
const drip: Carry = (data, to) => {
  const bytes = [...data];
  const timer = setInterval(() => {
    const byte = bytes.shift();
    if (byte !== undefined) to.write(Buffer.of(byte));
  }, 1000);
  to.once('close', () => clearInterval(timer));
  return 'lost';
};

export const DRIPPING: Way = { up: forward, down: drip };

/** Each connection is reset after this many bytes of what the server says from now on. */
export function cutAfter(bytes: number): Way {
  const left = new WeakMap<Link, number>();
  const down: Carry = (data, to, link) => {
    const rest = left.get(link) ?? bytes;
    left.set(link, rest - data.length);
    if (data.length < rest) return forward(data, to, link);
    to.write(data.subarray(0, Math.max(0, rest)), () => reset(link));
  };
  return { up: forward, down };
}

/**
 * The connection is reset when the client sends this text: `'unsent'`, so that the server never has it, or
 * `'answered'`, so that the server has done it and the client does not hear.
 */
export function resetAt(text: string, when: 'unsent' | 'answered'): Way {
  const met = new WeakSet<Link>();
  return {
    up: (data, to, link) => {
      if (data.includes(text)) met.add(link);
      return met.has(link) && when === 'unsent' ? reset(link) : forward(data, to, link);
    },
    down: (data, to, link) => (met.has(link) ? reset(link) : forward(data, to, link)),
  };
}

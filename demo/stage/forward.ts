import { type IncomingMessage, request, type ServerResponse } from 'node:http';

/** Hands requests on to another process as they are, as a load balancer would. */
export function forwardTo(origin: () => string | undefined) {
  return (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    const target = origin();
    const fail = () => {
      if (!outgoing.headersSent) outgoing.writeHead(502);
      outgoing.end();
    };
    if (target === undefined) return fail();
    const { method, headers, url } = incoming;
    const forwarded = request(new URL(url ?? '/', target), { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers);
      answer.on('error', fail).pipe(outgoing);
    });
    incoming.pipe(forwarded.on('error', fail));
  };
}

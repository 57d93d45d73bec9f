import { createServer } from 'node:net';
import type { INestApplication } from '@nestjs/common';

/** Of this machine only: the demo has a known administrator, and routes that no application should have. */
const HOST = '127.0.0.1';

/** Listens on the first of these ports that is free. Returns the address. */
export async function listen(app: INestApplication, ports: readonly number[]): Promise<string> {
  for (const port of ports) {
    if (!(await isFree(port))) continue;
    await app.listen(port, HOST);
    return app.getUrl();
  }
  throw new Error(
    `The port ${ports.join(', ')} is in use or not allowed: give another one as PORT.`,
  );
}

/** Asked before, because Nest reports a failed attempt as an error of the application. */
function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  return new Promise((resolve) => {
    probe.once('error', () => resolve(false));
    probe.listen(port, HOST, () => probe.close(() => resolve(true)));
  });
}

import { createServer } from 'node:net';
import { SetupError } from './setup-error.js';

/** Of this machine only: the demo has a known administrator, and routes that no application should have. */
export const HOST = '127.0.0.1';

/**
 * The first of these ports that is free; 0 is free always.
 *
 * Asked before anything is started, because Nest reports a port in use as an error of the application.
 *
 * @throws SetupError when none is free
 */
export async function findFreePort(ports: readonly number[]): Promise<number> {
  for (const port of ports) if (await isFree(port)) return port;
  throw new SetupError(
    `Port ${ports.join(', ')} is in use or not allowed. Choose another one: PORT=3001 npm start, or PORT=0 for any free port.`,
  );
}

function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  return new Promise((resolve) => {
    probe.once('error', () => resolve(false));
    probe.listen(port, HOST, () => probe.close(() => resolve(true)));
  });
}

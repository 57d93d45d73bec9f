import { randomPort } from '../../tools/embedded-postgres/ports.js';
import { accepts } from './faults/accepts.js';

/** A port on which nobody listens, and that the system gives to nobody who asks for any. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomPort();
    if (!(await accepts(port))) return port;
  }
}

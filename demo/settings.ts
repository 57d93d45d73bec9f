import { randomBytes } from 'node:crypto';
import { SetupError } from './setup-error.js';

const DEFAULT_PORT = 3000;

/** What the environment may say. */
export interface DemoSettings {
  /** The ports to try, in order; 0 is any that is free. */
  readonly ports: readonly number[];
  readonly jwtSecret: string;
}

/** @throws SetupError */
export function readSettings(env: NodeJS.ProcessEnv): DemoSettings {
  return {
    ports: env['PORT'] ? [readPort(env['PORT'])] : [DEFAULT_PORT, 0],
    // A new one for each start: nothing of a demo has to outlive it.
    jwtSecret: env['JWT_SECRET'] ?? randomBytes(48).toString('base64'),
  };
}

function readPort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new SetupError(
    `PORT is ${JSON.stringify(text)}. Give a number from 0 (any free port) to 65535: PORT=3001 npm start.`,
  );
}

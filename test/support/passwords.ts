import { hash, type Options } from '@node-rs/argon2';

/** Real argon2 at the lowest cost that it takes, so that a thousand logins fit into a test. */
export const CHEAP: Options = { memoryCost: 8, timeCost: 1, parallelism: 1 };

export function hashPassword(password: string): Promise<string> {
  return hash(password, CHEAP);
}

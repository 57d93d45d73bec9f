import { TokenStateUnavailableError } from '../state/token-state-unavailable.error.js';
import type { InContext } from '../state/token-state.store.js';
import { asError } from './as-error.js';

type Found<User> = ReadonlyMap<string, User>;

/** How the application's own library finds users. */
export interface UserFinder<User> {
  /** The users with these ids, each a new object, under their ids as text. No id comes twice. */
  find(ids: readonly unknown[]): Promise<Found<User>>;
  /** Whether it is the database that failed, and not one user's record. */
  isFaultOfDatabase(cause: unknown): boolean;
}

/**
 * A user for each id, in their order; `undefined`: no such user. An id that comes twice gives two objects. If one
 * user's record cannot be made, the others still load.
 *
 * @param ids - as pg reads them
 * @throws what `find` throws, when it fails for all of them
 */
export async function findUsers<User>(
  finder: UserFinder<User>,
  ids: readonly unknown[],
): Promise<(User | Error | undefined)[]> {
  const users = ids.map((): User | Error | undefined => undefined);
  for (const round of roundsWithoutRepetition(ids)) {
    const found = await findApart(finder, [...round.keys()]);
    for (const [id, index] of round) users[index] = found.get(String(id));
  }
  return users;
}

/**
 * A user for each id, in their order, each found in the context of the request that asks; `undefined`: no such user. What the
 * application's code throws for one is that one's error, also when it is alone.
 *
 * @param ids - as pg reads them
 * @throws what the database failed with, when it failed for all of them
 */
export async function findOwnUsers<User>(
  finder: UserFinder<User>,
  ids: readonly unknown[],
  contexts: readonly InContext[],
): Promise<(User | Error | undefined)[]> {
  const users: (User | Error | undefined)[] = [];
  // One after the other, since they share a connection.
  for (const [index, id] of ids.entries()) {
    users.push(await contexts[index]!(() => findOne(finder, id)));
  }
  const [first] = users;
  const isOutage = users.every((user) => user instanceof TokenStateUnavailableError);
  if (isOutage && first !== undefined) throw (first as Error).cause;
  return users;
}

async function findOne<User>(
  finder: UserFinder<User>,
  id: unknown,
): Promise<User | Error | undefined> {
  try {
    return (await finder.find([id])).get(String(id));
  } catch (error) {
    return failureOf(finder, error);
  }
}

/** If one record makes all fail, tries one by one. If all fail, blames the database. */
async function findApart<User>(
  finder: UserFinder<User>,
  ids: readonly unknown[],
): Promise<Found<User | Error>> {
  try {
    return await finder.find(ids);
  } catch (error) {
    if (ids.length === 1) throw error;
    const found = new Map<string, User | Error>();
    for (const id of ids) {
      const alone = await finder
        .find([id])
        .catch((cause: unknown) => new Map([[String(id), failureOf(finder, cause)]]));
      for (const [key, user] of alone) found.set(key, user);
    }
    if ([...found.values()].every((user) => user instanceof Error)) throw error;
    return found;
  }
}

/** The database may fail for one of several too. Then nothing is known about that user, who is not to blame. */
function failureOf(finder: UserFinder<unknown>, cause: unknown): Error {
  return finder.isFaultOfDatabase(cause) ? new TokenStateUnavailableError(cause) : asError(cause);
}

/** The ids with their places, in rounds in which none comes twice: one query gives one object of each. */
function roundsWithoutRepetition(ids: readonly unknown[]): Map<unknown, number>[] {
  const rounds: Map<unknown, number>[] = [];
  const seen = new Map<unknown, number>();
  for (const [index, id] of ids.entries()) {
    const round = seen.get(id) ?? 0;
    seen.set(id, round + 1);
    (rounds[round] ??= new Map()).set(id, index);
  }
  return rounds;
}

import { randomUUID } from 'node:crypto';
import type { Clock } from 'nestjs-token-invalidation';
import type {
  InMemoryTokenStateStore,
  InMemoryTransaction,
  InMemoryUser,
  TokenStateStoreHarness,
} from '../../../src/testing/index.js';
import { FrozenClock } from '../../../src/testing/frozen-clock.js';
import type { InMemorySession } from '../../../src/testing/in-memory/in-memory-session.js';

export type MakeStore = (clock: Clock) => InMemoryTokenStateStore;

/** Each call of `now` takes a millisecond. */
class TickingClock extends FrozenClock {
  override now(): number {
    this.advance(0.001);
    return super.now();
  }
}

let numbers = 0;
export const ID_KINDS = {
  uuid: () => randomUUID(),
  number: () => String((numbers += 1)),
  name: () => `Ann ${(numbers += 1)}`,
} as const;

/** Moves all instants of a session back. */
export function ageInMemory(session: InMemorySession, seconds: number): void {
  const aged = (instant: Date) => new Date(Number(instant) - seconds * 1000);
  const { startedAt, authTime, expiresAt, rotatedAt, seenAt, endedAt } = session;
  Object.assign(session, {
    startedAt: aged(startedAt),
    authTime: aged(authTime),
    expiresAt: aged(expiresAt),
    rotatedAt: aged(rotatedAt),
    seenAt: seenAt && aged(seenAt),
    endedAt: endedAt && aged(endedAt),
  });
}

/** The contract's harness over a store in memory. */
export function memoryHarness(
  makeStore: MakeStore,
  nextId: () => string = ID_KINDS.uuid,
): TokenStateStoreHarness<InMemoryUser, InMemoryTransaction> {
  const clock = new TickingClock();
  const store = makeStore(clock);
  return {
    store: () => store,
    clock: async () => new Date(clock.now()),
    createUser: async (passwordHash) => store.add({ id: nextId(), passwordHash }).id,
    recreateUser: async (id, passwordHash) => void store.add({ id, passwordHash }),
    loadUser: async (id) => store.find(id)!,
    deleteUser: async (id) => store.remove(id),
    softDeleteUser: async (id) => void store.update(id, { deletedAt: new Date() }),
    readHash: async (id) => store.find(id)!.passwordHash,
    writeHash: async (id, passwordHash) => void store.update(id, { passwordHash }),
    writeCutoffs: async (id, instant) => {
      const cutoffs = { passwordChangedAt: instant, logoutAllAt: instant };
      Object.assign(store.database.rows.users.get(id)!, cutoffs);
    },
    writeEveryoneCutoff: async (instant) => {
      store.database.rows.everyone.loggedOutAt = instant;
    },
    ageSession: async (id, seconds) => ageInMemory(store.database.rows.sessions.get(id)!, seconds),
    transaction: (work) => store.transaction(work),
    savepoint: (transaction, work) => transaction.savepoint(work),
  };
}

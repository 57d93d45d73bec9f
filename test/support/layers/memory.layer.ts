import { randomUUID } from 'node:crypto';
import { InMemoryTokenStateStore, type InMemoryUser } from 'nestjs-token-invalidation/testing';
import { REALM } from '../forge.js';
import type { Layer, LayerUser, LayerUsers } from './layer.js';

interface MemoryUser extends InMemoryUser, LayerUser {
  readonly id: string;
}

class Users extends InMemoryTokenStateStore<MemoryUser> {
  override realm(): string {
    return REALM;
  }
}

/** Applications that open the same address share the rows, as they would share a database. */
const stores = new Map<string, Users>();

export function storeAt(url: string): Users {
  const store = stores.get(url) ?? new Users();
  stores.set(url, store);
  return store;
}

export const memoryLayer: Layer = {
  name: 'memory',
  replicates: false,
  async open(url): Promise<LayerUsers> {
    const store = storeAt(url);
    return {
      store: { inject: [], useFactory: () => store },
      notTransaction: store,
      create: async ({ id = randomUUID(), ...user }) => store.add({ id, role: 'member', ...user }),
      load: async (id) => store.find(id)!,
      find: async (email) => {
        const users = [...store.database.rows.users.values()];
        return store.find(users.find((user) => user.email === email)?.id ?? '');
      },
      save: async (stale, role) => store.update(stale.id, { ...stale, role }),
      changeHash: async (id, passwordHash) => store.update(id, { passwordHash }),
      remove: async (id) => store.remove(id),
      transaction: (work) => store.transaction(work),
      close: async () => {},
    };
  },
};

import { prismaStore } from 'nestjs-token-invalidation/prisma';
import { openPool, openPrisma, readReplicas } from '../../prisma/client.js';
import type { Layer, LayerUsers } from './layer.js';

export const prismaLayer: Layer = {
  name: 'Prisma',
  replicates: true,
  async open(url, replicaUrl): Promise<LayerUsers> {
    const pools = [url, ...(replicaUrl === undefined ? [] : [replicaUrl])].map((each) =>
      openPool(each),
    );
    const [primary, replica] = pools.map((pool) => openPrisma(pool));
    const client =
      replica === undefined
        ? primary!
        : primary!.$extends(readReplicas({ replicas: [replica as never] }));
    // It imports a part of itself with the first query, which a node in a process of its own can do only while it starts.
    await primary!.$connect();
    const { user } = primary!;
    return {
      store: prismaStore({ client, pool: pools[0]!, model: 'user' }),
      notTransaction: client,
      create: (data) => user.create({ data }),
      load: (id) => user.findUniqueOrThrow({ where: { id } }),
      find: async (email) => (await user.findFirst({ where: { email } })) ?? undefined,
      save: (stale, role) => user.update({ where: { id: stale.id }, data: { ...stale, role } }),
      changeHash: (id, passwordHash) => user.update({ where: { id }, data: { passwordHash } }),
      remove: (id) => user.delete({ where: { id } }),
      transaction: (work) => primary!.$transaction((tx) => work(tx)),
      close: async () => {
        await primary!.$disconnect();
        await replica?.$disconnect();
        for (const pool of pools) await pool.end();
      },
    };
  },
};

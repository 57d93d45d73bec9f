import { typeOrmStore } from 'nestjs-token-invalidation/typeorm';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { User } from '../user.entity.js';
import type { Layer, LayerUsers } from './layer.js';

export const typeOrmLayer: Layer = {
  name: 'TypeORM',
  replicates: true,
  async open(url, replicaUrl): Promise<LayerUsers> {
    const where =
      replicaUrl === undefined
        ? { url }
        : { replication: { master: { url }, slaves: [{ url: replicaUrl }] } };
    const options: DataSourceOptions = { type: 'postgres', entities: [User], ...where };
    const dataSource = await new DataSource(options).initialize();
    const users = dataSource.getRepository(User);
    const load = (id: string) =>
      dataSource.transaction((manager) => manager.findOneByOrFail(User, { id }));
    return {
      store: typeOrmStore({ entity: User, dataSource }),
      notTransaction: dataSource.manager,
      create: async (user) => load((await users.save(users.create(user))).id),
      load,
      find: async (email) => (await users.findOneBy({ email })) ?? undefined,
      save: (stale, role) => users.save(Object.assign(stale, { role }) as User),
      changeHash: (id, passwordHash) => users.update({ id }, { passwordHash }),
      remove: (id) => users.delete({ id }),
      transaction: (work) => dataSource.transaction(work),
      close: () => dataSource.destroy(),
    };
  },
};

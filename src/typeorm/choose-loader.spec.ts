import {
  AfterLoad,
  ChildEntity,
  Column,
  DataSource,
  Entity,
  type EntitySubscriberInterface,
  EventSubscriber,
  JoinColumn,
  ManyToOne,
  PrimaryColumn,
  RelationId,
  TableInheritance,
  VirtualColumn,
} from 'typeorm';
import { describe, expect, it } from 'vitest';
import { chooseLoader } from './choose-loader.js';
import { FindingLoader } from './finding-loader.js';
import { HydratingLoader } from './hydrating-loader.js';
import { RevocableUser } from './revocable-user.entity.js';
import { describeUserTable } from './user-table.js';

class User extends RevocableUser {
  @PrimaryColumn({ type: 'text' }) id!: string;
}

@Entity()
class Team {
  @PrimaryColumn({ type: 'text' }) id!: string;
}

@Entity()
class OwnColumns extends User {
  @Column({ type: 'jsonb' }) settings!: object;
  @ManyToOne(() => Team)
  @JoinColumn()
  team!: Team;
}

@Entity()
class EagerRelation extends User {
  @ManyToOne(() => Team, { eager: true })
  @JoinColumn()
  team!: Team;
}

@Entity()
class RelationIds extends User {
  @ManyToOne(() => Team)
  @JoinColumn()
  team!: Team;

  @RelationId((user: RelationIds) => user.team)
  teamId!: string;
}

@Entity()
class Hook extends User {
  @AfterLoad()
  loaded(): void {}
}

@Entity()
class Virtual extends User {
  @VirtualColumn({ query: () => 'SELECT 1' }) one!: number;
}

@Entity()
class Spatial extends User {
  @Column({ type: 'geometry' }) home!: object;
}

@Entity()
@TableInheritance({ column: { type: 'text', name: 'kind' } })
class Parent extends User {}

@ChildEntity()
class Child extends Parent {}

/** One that listens to what is written alone, and one that listens to what is loaded. */
@EventSubscriber()
class WriteSubscriber implements EntitySubscriberInterface {
  afterInsert(): void {}
}

@EventSubscriber()
class LoadSubscriber implements EntitySubscriberInterface {
  afterLoad(): void {}
}

const ENTITIES = [
  Team,
  OwnColumns,
  EagerRelation,
  RelationIds,
  Hook,
  Virtual,
  Spatial,
  Parent,
  Child,
];

async function loaderOf(entity: new () => object, subscribers: (new () => object)[] = []) {
  const dataSource = new DataSource({ type: 'postgres', entities: ENTITIES, subscribers });
  // What TypeORM does when it connects, without a database.
  await (dataSource as unknown as { buildMetadatas(): Promise<void> }).buildMetadatas();
  const table = describeUserTable(dataSource, entity, {});
  return chooseLoader(dataSource, table);
}

describe('chooseLoader', () => {
  it('takes the row of the state read where the entity is its own columns', async () => {
    expect(await loaderOf(OwnColumns)).toBeInstanceOf(HydratingLoader);
    expect(await loaderOf(OwnColumns, [WriteSubscriber])).toBeInstanceOf(HydratingLoader);
  });

  it.each([EagerRelation, RelationIds, Hook, Virtual, Spatial, Parent, Child])(
    'leaves it to TypeORM where there is more to it: %o',
    async (entity) => {
      expect(await loaderOf(entity)).toBeInstanceOf(FindingLoader);
    },
  );

  it('leaves it to TypeORM where a subscriber listens to what is loaded', async () => {
    expect(await loaderOf(OwnColumns, [WriteSubscriber, LoadSubscriber])).toBeInstanceOf(
      FindingLoader,
    );
  });
});

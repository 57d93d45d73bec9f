import { AsyncLocalStorage } from 'node:async_hooks';
import { RevocableUser } from 'nestjs-token-invalidation/typeorm';
import {
  AfterLoad,
  ChildEntity,
  Column,
  Entity,
  type EntitySubscriberInterface,
  EventSubscriber,
  JoinColumn,
  ManyToOne,
  PrimaryColumn,
  RelationId,
  TableInheritance,
} from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp, type TestApp } from '../support/create-app.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import type { EntityClass } from '../support/storage/database.js';
import { User } from '../support/user.entity.js';
import { createUser } from '../support/users.js';

const TENANTS = ['t1', 't2', 't3', 't4', 't5'];
const tenants = new AsyncLocalStorage<string>();

/** Reads a value with what belongs to the request: a tenant's key, say. */
const readAs = {
  to: (value: unknown) => value,
  from: (value: string) => `${value} read as ${tenants.getStore()}`,
};

@Entity('teams')
class Team {
  @PrimaryColumn({ type: 'text' }) id!: string;

  @Column({ type: 'text', transformer: readAs }) name!: string;
}

@Entity('users')
class WithTeam extends RevocableUser {
  @PrimaryColumn({ type: 'uuid' }) id!: string;

  @ManyToOne(() => Team, { eager: true })
  @JoinColumn({ name: 'team_id' })
  team!: Team;
}

@Entity('users')
class WithTeamId extends RevocableUser {
  @PrimaryColumn({ type: 'uuid' }) id!: string;

  @Column({ type: 'text', transformer: readAs }) role!: string;

  @ManyToOne(() => Team)
  @JoinColumn({ name: 'team_id' })
  team?: Team;

  @RelationId((user: WithTeamId) => user.team) teamId!: string;
}

@Entity('users')
class Hooked extends RevocableUser {
  @PrimaryColumn({ type: 'uuid' }) id!: string;

  @Column({ type: 'text' }) role!: string;

  seenBy?: string | undefined;

  @AfterLoad()
  async loaded(): Promise<void> {
    if (this.role === 'broken') throw new Error('This user cannot be loaded.');
    await Promise.resolve();
    this.seenBy = tenants.getStore();
  }
}

@Entity('users')
class Watched extends RevocableUser {
  @PrimaryColumn({ type: 'uuid' }) id!: string;

  seenBy?: string | undefined;
}

@EventSubscriber()
class Watcher implements EntitySubscriberInterface<Watched> {
  listenTo() {
    return Watched;
  }

  afterLoad(user: Watched): void {
    user.seenBy = tenants.getStore();
  }
}

@Entity('users')
@TableInheritance({ column: { type: 'text', name: 'role' } })
class Anyone extends RevocableUser {
  @PrimaryColumn({ type: 'uuid' }) id!: string;
}

@ChildEntity('member')
class Member extends Anyone {
  @Column({ name: 'team_id', type: 'text', transformer: readAs }) teamId!: string;
}

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
  const app = await createApp({ url: database.url });
  await app.dataSource.query('CREATE TABLE teams (id text PRIMARY KEY, name text)');
  await app.dataSource.query("INSERT INTO teams VALUES ('1', 'core')");
  await app.dataSource.query("ALTER TABLE users ADD team_id text DEFAULT '1'");
  await app.close();
});
afterAll(() => database?.drop());

const CODE: [string, EntityClass, object][] = [
  ['a transformer of an eager relation', WithTeam, {}],
  ['a transformer next to @RelationId', WithTeamId, {}],
  ['@AfterLoad', Hooked, {}],
  ['a subscriber', Watched, { subscribers: [Watcher] }],
  ['a transformer of a subclass', Anyone, {}],
];

describe.each(CODE)('%s', (_, entity, typeorm) => {
  let app: TestApp;

  beforeAll(async () => {
    app = await createApp({
      url: database.url,
      entities: [User, Team, ...(entity === Anyone ? [Anyone, Member] : [entity])],
      store: { entity },
      module: { isActive: () => true },
      typeorm,
    });
  });
  afterAll(() => app?.close());

  /** The user of each request, all at once, each in its own context. */
  const usersOf = (tokens: string[]) =>
    Promise.all(
      tokens.map(async (token, index) => {
        const verdict = await tenants.run(TENANTS[index]!, () => app.verifier.verify(token));
        return (verdict as { user?: unknown }).user;
      }),
    );

  /** What the application's own query in that request gives. */
  const own = (id: string, tenant: string) =>
    tenants.run(tenant, () => app.dataSource.getRepository(entity).findOneByOrFail({ id }));

  it('runs in the context of each request, as in its own findOneBy', async () => {
    const users = await Promise.all(TENANTS.map(() => createUser(app.dataSource)));
    const loaded = await usersOf(users.map((user) => app.issuer.issue(user)));
    for (const [index, { id }] of users.entries()) {
      const tenant = TENANTS[index]!;
      const expected = await own(id, tenant);
      expect(JSON.stringify(expected)).toContain(tenant);
      expect(loaded[index]).toStrictEqual(expected);
    }
  });

  it('runs so for many requests of one user', async () => {
    const user = await createUser(app.dataSource);
    const token = app.issuer.issue(user);
    const loaded = await usersOf(TENANTS.map(() => token));
    for (const [index, tenant] of TENANTS.entries()) {
      expect(loaded[index]).toStrictEqual(await own(user.id, tenant));
    }
    expect(new Set(loaded).size).toBe(TENANTS.length);
  });
});

describe('a hook that throws', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await createApp({
      url: database.url,
      entities: [User, Hooked],
      store: { entity: Hooked },
      module: { isActive: () => true },
    });
  });
  afterAll(() => app?.close());

  it('is 500 for its own request, alone and among others', async () => {
    const [good, bad] = await Promise.all(
      ['member', 'broken'].map((role) => createUser(app.dataSource, { role })),
    );
    const token = app.issuer.issue(bad!);
    const one = await app.get('/auth/me', token);
    expect(one.status).toBe(500);
    const both = await Promise.all([app.ask(app.issuer.issue(good!)), app.get('/auth/me', token)]);
    expect(both).toMatchObject([200, { status: 500 }]);
  });
});

import { AfterLoad, Entity } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AppOptions, createApp, type TestApp } from '../support/create-app.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { User } from '../support/user.entity.js';
import { createUser, PASSWORD } from '../support/users.js';

/** A user whom the state read does not bring: TypeORM has to load it. */
@Entity('users')
class HookedUser extends User {
  @AfterLoad()
  loaded(): void {}
}

async function createOnPrimary({ dataSource }: TestApp): Promise<User> {
  const runner = dataSource.createQueryRunner('master');
  try {
    const { identifiers } = await runner.manager.insert(User, {
      email: `${crypto.randomUUID()}@example.com`,
      passwordHash: 'x',
    });
    return await runner.manager.findOneByOrFail(User, { id: identifiers[0]!['id'] as string });
  } finally {
    await runner.release();
  }
}

describe('promise 7: the check reads the primary, also with replication', () => {
  let primary: TestDatabase;
  let replica: TestDatabase;
  let app: TestApp;

  beforeAll(async () => {
    [primary, replica] = [await createDatabase(), await createDatabase()];
    app = await createReplicated();
  });

  afterAll(async () => {
    await app?.close();
    await Promise.all([primary?.drop(), replica?.drop()]);
  });

  it('refuses what the replica would still accept', async () => {
    const user = await onPrimaryAndReplica();
    const token = app.issuer.issue(user);
    expect(await app.ask(token)).toBe(200);

    await app.invalidator.logoutEverywhere(user.id);

    // What makes this a test: TypeORM's own finds go to the replica, which says that nothing happened.
    expect(await app.users.findOneBy({ id: user.id })).toMatchObject({ tokenVersion: 0 });
    expect(await app.ask(token)).toBe('401 logged_out_everywhere');
  });

  it('refuses a token issued from a record that the replica gave, rather than accepting an old version', async () => {
    const user = await onPrimaryAndReplica();
    await app.invalidator.logoutEverywhere(user.id);

    expect(await app.ask(await app.login(user.email, PASSWORD))).toBe('401 logged_out_everywhere');
  });

  it('knows a user whom the replica does not have yet', async () => {
    const user = await createOnPrimary(app);
    expect(await app.users.findOneBy({ id: user.id })).toBeNull();
    expect(await app.ask(app.issuer.issue(user))).toBe(200);
  });

  it('loads the user from the primary, too, where TypeORM has to', async () => {
    const hooked = await createReplicated({
      entities: [User, HookedUser],
      store: { entity: HookedUser },
    });
    const user = await createOnPrimary(hooked);
    expect(await hooked.ask(hooked.issuer.issue(user))).toBe(200);
    await hooked.close();
  });

  function createReplicated(options: Partial<AppOptions> = {}): Promise<TestApp> {
    const replication = { master: { url: primary.url }, slaves: [{ url: replica.url }] };
    return createApp({ url: primary.url, typeorm: { replication }, ...options });
  }

  /** A user who has been replicated, and whose later changes are not. */
  async function onPrimaryAndReplica(): Promise<User> {
    const other = await createApp({ url: replica.url });
    const user = await createUser(other.dataSource);
    const [row] = await other.dataSource.query('SELECT * FROM users WHERE id = $1', [user.id]);
    await other.close();
    await app.dataSource.query('INSERT INTO users (id, email, password_hash) VALUES ($1, $2, $3)', [
      row.id,
      row.email,
      row.password_hash,
    ]);
    return user;
  }
});

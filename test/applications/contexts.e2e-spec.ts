import { AsyncLocalStorage } from 'node:async_hooks';
import { TypeOrmModule } from '@nestjs/typeorm';
import { RevocableUser } from 'nestjs-token-invalidation/typeorm';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp, type TestApp } from '../support/create-app.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { User } from '../support/user.entity.js';
import { createUser } from '../support/users.js';

const TENANTS = ['t1', 't2', 't3', 't4', 't5'];
const tenants = new AsyncLocalStorage<string>();
const askedIn: (string | undefined)[] = [];

/** Reads a column with what belongs to the request: a tenant's key, say. */
@Entity('users')
class TenantUser extends RevocableUser {
  @PrimaryColumn({ type: 'uuid' }) id!: string;

  @Column({
    type: 'text',
    transformer: {
      to: (value: unknown) => value,
      from: (value: string) => {
        if (value === 'broken') throw new Error('This role cannot be read.');
        return `${value} read as ${tenants.getStore()}`;
      },
    },
  })
  role!: string;
}

let database: TestDatabase;
let app: TestApp;

beforeAll(async () => {
  database = await createDatabase();
  app = await createApp({
    url: database.url,
    entities: [User, TenantUser],
    imports: [TypeOrmModule.forFeature([TenantUser])],
    store: { entity: TenantUser },
    module: {
      isActive: () => {
        askedIn.push(tenants.getStore());
        return true;
      },
    },
  });
});
afterAll(async () => {
  await app?.close();
  await database?.drop();
});

async function tokens(...roles: string[]): Promise<string[]> {
  const users = await Promise.all(roles.map((role) => createUser(app.dataSource, { role })));
  return users.map((user) => app.issuer.issue(user));
}

describe('code of the application that runs for one user', () => {
  it('sees the context of that request, in a column transformer', async () => {
    const roles = TENANTS.map((tenant) => `member of ${tenant}`);
    const all = await tokens(...roles);
    const verdicts = await Promise.all(
      all.map((token, index) => tenants.run(TENANTS[index]!, () => app.verifier.verify(token))),
    );
    expect(verdicts).toMatchObject(
      TENANTS.map((tenant) => ({ user: { role: `member of ${tenant} read as ${tenant}` } })),
    );
  });

  it("is what the application's own findOneBy in that request gives", async () => {
    const [token] = await tokens('member');
    const many = await Promise.all(
      TENANTS.map((tenant) => tenants.run(tenant, () => app.verifier.verify(token))),
    );
    for (const [index, verdict] of many.entries()) {
      const { id, role } = (verdict as { user: { id: string; role: string } }).user;
      const own = await tenants.run(TENANTS[index]!, () =>
        app.dataSource.getRepository(TenantUser).findOneByOrFail({ id }),
      );
      expect(role).toBe(own.role);
    }
  });

  it('sees it in isActive', async () => {
    const all = await tokens(...TENANTS);
    askedIn.length = 0;
    await Promise.all(
      all.map((token, index) => tenants.run(TENANTS[index]!, () => app.verifier.verify(token))),
    );
    expect(new Set(askedIn)).toEqual(new Set(TENANTS));
  });

  it('fails its own request and no other', async () => {
    const [good, bad] = await tokens('member', 'broken');
    const [one, other] = await Promise.allSettled([
      tenants.run('t1', () => app.verifier.verify(good)),
      tenants.run('t2', () => app.verifier.verify(bad)),
    ]);
    expect(one).toMatchObject({ status: 'fulfilled', value: { accepted: true } });
    expect(other).toMatchObject({ reason: { message: 'This role cannot be read.' } });
  });
});

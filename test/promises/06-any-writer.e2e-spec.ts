import { verify } from '@node-rs/argon2';
import { describe, expect, inject, it } from 'vitest';
import { hashPassword } from '../support/passwords.js';
import { rowOf } from '../support/faults/row-of.js';
import type { TestApp } from '../support/create-app.js';
import { useApp } from '../support/use-app.js';
import { User } from '../support/user.entity.js';
import { createUser, PASSWORD } from '../support/users.js';

type Writer = (app: TestApp, id: string, passwordHash: string) => Promise<unknown>;

const WRITERS: [string, Writer][] = [
  [
    'save()',
    async ({ users }, id, passwordHash) =>
      users.save(Object.assign(await users.findOneByOrFail({ id }), { passwordHash })),
  ],
  ['update()', ({ users }, id, passwordHash) => users.update({ id }, { passwordHash })],
  [
    'a query builder',
    ({ users }, id, passwordHash) =>
      users.createQueryBuilder().update().set({ passwordHash }).where({ id }).execute(),
  ],
  [
    'upsert()',
    async ({ users }, id, passwordHash) => {
      const { email } = await users.findOneByOrFail({ id });
      return users.upsert({ id, email, passwordHash }, ['id']);
    },
  ],
  [
    'raw SQL',
    ({ dataSource }, id, hash) =>
      dataSource.query('UPDATE users SET password_hash = $2 WHERE id = $1', [id, hash]),
  ],
  [
    'another client of the database',
    ({ dataSource }, id, hash) =>
      throughAnotherClient(dataSource.options as { url: string }, id, hash),
  ],
  [
    'changePassword()',
    async ({ users, invalidator }, id, newHash) => {
      const user = await users.findOneOrFail({ where: { id }, select: { passwordHash: true } });
      return invalidator.changePassword(id, { currentHash: user.passwordHash, newHash });
    },
  ],
];

describe('promise 6: a changed password invalidates, no matter who changes it', () => {
  const app = useApp();

  it.each(WRITERS)('by %s', async (_, write) => {
    const user = await createUser(app().dataSource);
    const token = await app().login(user.email, PASSWORD);

    await write(app(), user.id, await hashPassword('another one'));

    expect(await app().ask(token)).toBe('401 password_changed');
    expect(await app().users.findOneBy({ id: user.id })).toMatchObject({ tokenVersion: 1 });
    expect(await app().ask(await app().login(user.email, 'another one'))).toBe(200);
  });

  it('the same hash written again invalidates nothing', async () => {
    const user = await createUser(app().dataSource);
    const token = await app().login(user.email, PASSWORD);

    await app().dataSource.query('UPDATE users SET password_hash = password_hash');

    expect(await app().ask(token)).toBe(200);
  });

  it('a re-hash of the same password at login invalidates nothing', async () => {
    const user = await createUser(app().dataSource);
    const token = await app().login(user.email, PASSWORD);
    const currentHash = await hashOf(user.id);
    const newHash = await hashPassword(PASSWORD);

    const receipt = await app().invalidator.rehashPassword(user.id, { currentHash, newHash });

    expect(receipt).toMatchObject({ subject: user.id, version: 0, reason: 'password_rehashed' });
    expect(await hashOf(user.id)).toBe(newHash);
    expect(await app().ask(token)).toBe(200);
    expect(await app().users.findOneBy({ id: user.id })).toMatchObject({ passwordChangedAt: null });
  });

  it('a re-hash cannot overwrite a password that was changed meanwhile', async () => {
    const user = await createUser(app().dataSource);
    const currentHash = await hashOf(user.id);
    const changed = await hashPassword('another one');
    await app().users.update({ id: user.id }, { passwordHash: changed });

    const newHash = await hashPassword(PASSWORD);
    await expect(
      app().invalidator.rehashPassword(user.id, { currentHash, newHash }),
    ).rejects.toMatchObject({ name: 'PasswordConflictError' });

    expect(await verify(await hashOf(user.id), 'another one')).toBe(true);
  });

  it('a change of the password after a re-hash in the same transaction invalidates', async () => {
    const user = await createUser(app().dataSource);
    const token = await app().login(user.email, PASSWORD);
    const currentHash = await hashOf(user.id);
    const newHash = await hashPassword(PASSWORD);

    await app().dataSource.transaction(async (transaction) => {
      const replacement = { currentHash, newHash };
      await app().invalidator.rehashPassword(user.id, replacement, { transaction });
      await transaction.update(User, { id: user.id }, { passwordHash: 'other' });
    });

    expect(await app().ask(token)).toBe('401 password_changed');
  });

  it('of two changes that were checked against one hash, one wins and the other gets a conflict', async () => {
    const user = await createUser(app().dataSource);
    const currentHash = await hashOf(user.id);
    const change = async (password: string) =>
      app().invalidator.changePassword(user.id, {
        currentHash,
        newHash: await hashPassword(password),
      });

    const outcomes = await Promise.allSettled([change('one'), change('other')]);

    expect(outcomes.map((outcome) => outcome.status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(outcomes.find((outcome) => outcome.status === 'rejected')).toMatchObject({
      reason: { name: 'PasswordConflictError', statusCode: 409 },
    });
    expect(await app().users.findOneBy({ id: user.id })).toMatchObject({ tokenVersion: 1 });
  });

  async function hashOf(id: string): Promise<string> {
    const select = { passwordHash: true } as const;
    return (await app().users.findOneOrFail({ where: { id }, select })).passwordHash;
  }
});

async function throughAnotherClient({ url }: { url: string }, id: string, hash: string) {
  expect(new URL(url).host).toBe(new URL(inject('databaseUrl')).host);
  await rowOf(url, 'UPDATE users SET password_hash = $2 WHERE id = $1', [id, hash]);
}

import { randomUUID } from 'node:crypto';
import { RevocableUser } from 'nestjs-token-invalidation/typeorm';
import { Column, DeleteDateColumn, Entity, PrimaryColumn } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  openStorage,
  type StorageDatabase,
  type TypeOrmStore,
} from '../support/storage/database.js';
import { claimsFor, verdictOn } from '../support/storage/tokens.js';
import { Session } from '../support/storage/users.js';

@Entity('members')
class Member extends RevocableUser {
  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ name: 'password_hash', type: 'text', nullable: true, select: false })
  passwordHash!: string;

  @DeleteDateColumn({ name: 'deleted_at', type: 'timestamptz' })
  deletedAt!: Date | null;
}

let database: StorageDatabase;
let store: TypeOrmStore<Member>;
let session: Session;
let now: Date;
let id: string;

beforeAll(async () => {
  database = await openStorage(
    ['CREATE TABLE members (id text PRIMARY KEY, password_hash text, deleted_at timestamptz)'],
    { entities: [Member] },
  );
  await database.migrate({ table: 'members', password: 'password_hash' });
  store = database.store(Member);
  session = await Session.open(database.url);
  // It stands still from here on: everything happens in one second.
  now = await database.clock();
});
afterAll(async () => {
  await session?.close();
  await database?.close();
});
beforeEach(() => {
  id = randomUUID();
});

const insert = (member = id) => session.query('INSERT INTO members (id) VALUES ($1)', [member]);
const remove = (member = id) => session.query('DELETE FROM members WHERE id = $1', [member]);
const find = (member = id) =>
  database.dataSource
    .getRepository(Member)
    .findOneOrFail({ where: { id: member }, withDeleted: true });
const issue = async (member = id) => claimsFor(store, await find(member), now);
const ask = (claims: Awaited<ReturnType<typeof issue>>) => verdictOn(store, claims, now);

const softDelete = () => session.query('UPDATE members SET deleted_at = now() WHERE id = $1', [id]);
const restore = () => session.query('UPDATE members SET deleted_at = NULL WHERE id = $1', [id]);

describe('an id that is given again', () => {
  it('does not revive the tokens of the deleted user, in the same second', async () => {
    await insert();
    const old = await issue();
    expect(await ask(old)).toBe('accepted');

    await remove();
    expect(await ask(old)).toBe('user_unknown');
    await insert();

    expect(await ask(old)).toBe('version_stale');
    expect(await ask(await issue())).toBe('accepted');
  });

  it('does not, however often it is given', async () => {
    const tokens = [];
    for (let round = 0; round < 5; round += 1) {
      await insert();
      await store.invalidate({ subject: id }, 'logout');
      tokens.push(await issue());
      await remove();
    }
    await insert();
    for (const old of tokens) expect(await ask(old)).toBe('version_stale');
    expect(await ask(await issue())).toBe('accepted');
  });

  it('does not when deleted and given again in one transaction', async () => {
    await insert();
    const old = await issue();
    await session.query('BEGIN');
    await remove();
    await insert();
    await session.query('COMMIT');
    expect(await ask(old)).toBe('version_stale');
  });

  it('does not when the new row brings its own version', async () => {
    await insert();
    await store.invalidate({ subject: id }, 'logout');
    const old = await issue();
    await remove();
    await session.query('INSERT INTO members (id, token_version) VALUES ($1, $2)', [id, old.ver]);
    expect(await ask(old)).toBe('version_stale');
  });

  it('does not when TypeORM saves the deleted record again', async () => {
    await insert();
    const old = await issue();
    const repository = database.dataSource.getRepository(Member);
    const member = await find();
    await repository.delete(id);
    const again = await repository.save(Object.assign(repository.create(), member));
    expect(await ask(old)).toBe('version_stale');
    expect(await ask(claimsFor(store, await find(again.id), now))).toBe('accepted');
  });

  it('does not when a deletion of many is undone by a restore', async () => {
    const others = [randomUUID(), randomUUID()];
    for (const member of [id, ...others]) await insert(member);
    await store.invalidate({ subject: others[1]! }, 'logout');
    const tokens = [await issue(), await issue(others[0]), await issue(others[1])];
    await session.query(
      'CREATE TEMPORARY TABLE backup AS SELECT * FROM members WHERE id = ANY($1)',
      [[id, ...others]],
    );
    await session.query('DELETE FROM members WHERE id IN (SELECT id FROM backup)');
    await session.query('INSERT INTO members SELECT * FROM backup');
    for (const old of tokens) expect(await ask(old)).toMatch(/version_stale|logged_out/);
  });

  it('does not when the table was truncated in between', async () => {
    await insert();
    const old = await issue();
    await session.query('TRUNCATE members');
    await insert();
    expect(await ask(old)).toBe('version_stale');
  });
});

describe('an id that is changed', () => {
  it('takes its tokens nowhere, and leaves none to who gets the old one', async () => {
    await insert();
    const old = await issue();
    const renamed = randomUUID();
    await session.query('UPDATE members SET id = $2 WHERE id = $1', [id, renamed]);
    expect(await ask(old)).toBe('user_unknown');

    await insert();
    expect(await ask(old)).toBe('version_stale');
  });

  it('to one that was another user’s does not revive the tokens of that one', async () => {
    const other = randomUUID();
    await insert();
    await insert(other);
    const old = await issue(other);
    await remove(other);
    await session.query('UPDATE members SET id = $2 WHERE id = $1', [id, other]);
    expect(await ask(old)).toBe('version_stale');
    expect(await ask(await issue(other))).toBe('accepted');
  });

  it('to itself invalidates no tokens', async () => {
    await insert();
    const token = await issue();
    await session.query('UPDATE members SET id = id WHERE id = $1', [id]);
    expect(await ask(token)).toBe('accepted');
  });
});

describe('a soft-deleted user', () => {
  it('is not active, and has its tokens again when it is restored', async () => {
    await insert();
    const token = await issue();
    await softDelete();
    expect(await ask(token)).toBe('user_inactive');
    await restore();
    expect(await ask(token)).toBe('accepted');
  });

  it('keeps dead what an invalidation ended meanwhile', async () => {
    await insert();
    const token = await issue();
    await softDelete();
    await store.invalidate({ subject: id }, 'logout');
    await restore();
    expect(await ask(token)).toBe('logged_out_everywhere');
  });
});

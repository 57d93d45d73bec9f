import { createSecretKey } from 'node:crypto';
import { Controller, Get, UseGuards } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import { revocableJwtStrategy } from 'nestjs-token-invalidation/passport';
import {
  RevocableUser,
  tokenInvalidationMigration,
  typeOrmStore,
} from 'nestjs-token-invalidation/typeorm';
import { Entity, type MigrationInterface, PrimaryColumn, type QueryRunner } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp, SECRET, type TestApp } from '../support/create-app.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { forge } from '../support/forge.js';
import { useApp } from '../support/use-app.js';
import { createUser, PASSWORD } from '../support/users.js';

const HOSTILE_SUBJECTS = [
  'abc',
  ' ',
  '1',
  '01',
  '1.0',
  '1e3',
  'NaN',
  'null',
  '\0',
  'a\0b',
  '\ud800',
  'x'.repeat(4_000),
  '{00000000-0000-0000-0000-000000000000}',
  '00000000000000000000000000000000',
  "' OR '1'='1",
  "'; DROP TABLE users; --",
  '{"or":true}',
  '../../etc/passwd',
  '__proto__',
];

describe('promise 9: no subject disturbs another, and no token widens what is read', () => {
  const app = useApp({ platform: 'fastify' });

  it('hostile subjects are unknown users, and the other requests of the batch succeed', async () => {
    const user = await createUser(app().dataSource);
    const good = await app().login(user.email, PASSWORD);
    const answers = await Promise.all(
      HOSTILE_SUBJECTS.flatMap((sub) => [app().ask(forge({ sub, ver: 0 })), app().ask(good)]),
    );
    const expected = HOSTILE_SUBJECTS.flatMap(() => ['401 user_unknown', 200]);
    expect(answers).toEqual(expected);
  });

  it('another spelling of an id is not that user', async () => {
    const user = await createUser(app().dataSource);
    const spellings = [
      user.id.toUpperCase(),
      `{${user.id}}`,
      user.id.replaceAll('-', ''),
      ` ${user.id}`,
      `${user.id} `,
      `${user.id}\n`,
    ];
    for (const sub of spellings) {
      expect(await app().ask(forge({ sub, ver: 0 }))).toBe('401 user_unknown');
    }
    expect(await app().ask(forge({ sub: user.id, ver: 0 }))).toBe(200);
  });

  it('the user of a request is the subject of its token, however many arrive at once', async () => {
    const users = await Promise.all(Array.from({ length: 20 }, () => createUser(app().dataSource)));
    const tokens = users.map((user) => app().issuer.issue(user));
    const asked = Array.from({ length: 400 }, (_, index) => index % users.length);
    const answers = await Promise.all(asked.map((index) => app().get('/auth/me', tokens[index])));
    expect(answers.map((answer) => answer.body['id'])).toEqual(
      asked.map((index) => users[index]!.id),
    );
  });
});

/** Ids are names here, and the database tells no case apart: Alice is alice to it. */
@Entity('people')
class Person extends RevocableUser {
  @PrimaryColumn('text')
  id!: string;
}

class CreatePeople1760000000002 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    const rules = `provider = icu, locale = 'und-u-ks-level2', deterministic = false`;
    await queryRunner.query(`CREATE COLLATION without_case (${rules})`);
    await queryRunner.query('CREATE TABLE people (id text COLLATE without_case PRIMARY KEY)');
  }

  async down(): Promise<void> {}
}

class RevocablePeople1760000000003 extends tokenInvalidationMigration({
  table: 'people',
  password: null,
}) {}

describe('promise 9: where the database finds more than was asked for', () => {
  const app = useApp({
    entities: [Person],
    controllers: [],
    module: { store: typeOrmStore({ entity: Person }), isActive: () => true },
    typeorm: {
      migrations: [CreatePeople1760000000002, RevocablePeople1760000000003],
      migrationsRun: true,
      migrationsTableName: 'migrations_of_people',
    },
  });

  it('the row’s id is compared with the subject once more', async () => {
    await app().dataSource.query(`INSERT INTO people (id) VALUES ('alice')`);
    const [row] = await app().dataSource.query(`SELECT id FROM people WHERE id = 'ALICE'`);
    expect(row).toEqual({ id: 'alice' });
    expect(
      (await app().verifier.verify(forge({ sub: 'alice', realm: 'public.people', ver: 0 })))
        .accepted,
    ).toBe(true);
    expect(
      await app().verifier.verify(forge({ sub: 'ALICE', realm: 'public.people', ver: 0 })),
    ).toMatchObject({
      reason: 'user_unknown',
    });
  });
});

@Controller('stock')
@UseGuards(AuthGuard('jwt-of-the-first'))
class StockController {
  @Get()
  ok(): object {
    return { ok: true };
  }
}

describe('promise 9: two applications in one process', () => {
  let databases: TestDatabase[];
  let first: TestApp;
  let second: TestApp;

  beforeAll(async () => {
    databases = [await createDatabase(), await createDatabase()];
    const [one, other] = databases as [TestDatabase, TestDatabase];
    const keys = [{ secret: createSecretKey(Buffer.from(`another ${SECRET}`)) }];
    first = await createApp({
      url: one.url,
      controllers: [StockController],
      providers: [revocableJwtStrategy('jwt-of-the-first')],
    });
    second = await createApp({
      url: other.url,
      module: { keys },
      providers: [revocableJwtStrategy()],
    });
  });

  afterAll(async () => {
    await Promise.all([first?.close(), second?.close()]);
    await Promise.all((databases ?? []).map((database) => database.drop()));
  });

  it('accept their own tokens and not each other’s', async () => {
    const user = await createUser(first.dataSource);
    const other = await createUser(second.dataSource, { id: user.id });
    const ours = first.issuer.issue(user);
    const theirs = second.issuer.issue(other);

    expect(await first.ask(ours, '/stock')).toBe(200);
    expect((await first.verifier.verify(ours)).accepted).toBe(true);
    expect(await second.ask(theirs)).toBe(200);
    expect(await second.ask(ours)).toBe('401 token_invalid');
    expect(await first.verifier.verify(theirs)).toMatchObject({ reason: 'token_invalid' });
  });

  it('an invalidation in one is none in the other', async () => {
    const user = await createUser(first.dataSource);
    const other = await createUser(second.dataSource, { id: user.id });
    const theirs = second.issuer.issue(other);
    await first.invalidator.logoutEverywhere(user.id);
    await first.invalidator.invalidateEveryone();
    expect(await second.ask(theirs)).toBe(200);
  });
});

import { Controller, Get } from '@nestjs/common';
import * as fc from 'fast-check';
import { CurrentUser } from 'nestjs-token-invalidation';
import {
  RevocableUser,
  tokenInvalidationMigration,
  typeOrmStore,
} from 'nestjs-token-invalidation/typeorm';
import { Entity, type MigrationInterface, PrimaryColumn, type QueryRunner } from 'typeorm';
import { beforeAll, describe, expect, it } from 'vitest';
import { forge } from '../support/forge.js';
import { tries } from '../support/properties.js';
import { useApp } from '../support/use-app.js';

const TYPES = ['uuid', 'integer', 'bigint', 'text', 'citext', 'varchar'] as const;
type IdType = (typeof TYPES)[number];

const UUIDS = ['0f8fad5b-d9cb-469f-a165-70867728950e', '7c9e6679-7425-40de-944b-e07fc1f90ae7'];

/** The users that there are. */
function idsOf(type: IdType): string[] {
  if (type === 'uuid') return UUIDS;
  const numbers = ['1', '10', '-1', '0'];
  return type === 'integer' || type === 'bigint' ? numbers : ['alice', ...numbers, ...UUIDS];
}

/** An application whose users have ids of this type. */
function applicationOf(type: IdType) {
  @Entity('accounts')
  class Account extends RevocableUser {
    @PrimaryColumn({ type })
    id!: string | number;
  }

  class CreateAccounts1760000000002 implements MigrationInterface {
    async up(queryRunner: QueryRunner): Promise<void> {
      await queryRunner.query('CREATE EXTENSION IF NOT EXISTS citext');
      await queryRunner.query(`CREATE TABLE accounts (id ${type} PRIMARY KEY)`);
    }

    async down(): Promise<void> {}
  }

  class RevocableAccounts1760000000003 extends tokenInvalidationMigration({
    table: 'accounts',
    password: null,
  }) {}

  @Controller('who')
  class WhoController {
    @Get()
    who(@CurrentUser() { id }: Account): { id: string } {
      return { id: String(id) };
    }
  }

  return {
    entities: [Account],
    controllers: [WhoController],
    // Hundreds of requests at once, on a machine that may be busy: none is to be answered with 503.
    module: {
      store: typeOrmStore({ entity: Account }),
      isActive: () => true,
      readTimeout: '25s',
    },
    typeorm: {
      migrations: [CreateAccounts1760000000002, RevocableAccounts1760000000003],
      migrationsRun: true,
      migrationsTableName: 'migrations_of_accounts',
    },
  };
}

/** Other notations of an id, which a database or a lenient parser would take for it. */
function notations(id: string): string[] {
  return [
    ` ${id}`,
    `${id} `,
    `\t${id}`,
    `${id}\n`,
    `\n${id}`,
    `\u00a0${id}`,
    `\ufeff${id}`,
    `0${id}`,
    `+${id}`,
    `-${id}`,
    `${id}.0`,
    `${id}.`,
    `${id}e0`,
    `0x${id}`,
    `${id}_0`,
    `{${id}}`,
    `"${id}"`,
    `'${id}'`,
    `(${id})`,
    `[${id}]`,
    `urn:uuid:${id}`,
    `${id},${id}`,
    `${id}::text`,
    `${id}--`,
    `${id};`,
    `${id}\0`,
    `\0${id}`,
    `${id}\ud800`,
    `%${id}%`,
    id.toUpperCase(),
    id.replaceAll('-', ''),
    id.replaceAll('-', '_'),
    id.replaceAll(/[0-9]/g, (digit) => String.fromCharCode(0xff10 + Number(digit))),
    id.replaceAll(/[0-9]/g, (digit) => String.fromCharCode(0x0660 + Number(digit))),
    id.replace('a', '\u0430'),
  ];
}

const HOSTILE = [
  "' OR '1'='1",
  "'; DROP TABLE accounts; --",
  '1 OR 1=1',
  '$1',
  '$$',
  "E'\\x31'",
  '1; SELECT 1',
  '{1,10}',
  '{NULL}',
  'NULL',
  'null',
  'DEFAULT',
  'NaN',
  'Infinity',
  '-0',
  'true',
  '[]',
  '{}',
  '9'.repeat(19),
  '9'.repeat(40),
  '2147483648',
  '32768',
  '9223372036854775808',
  '1e400',
  '\0',
  '\ud800',
  '\udc00\ud83d',
  '\ufffd',
  '\u202e1',
  '%',
  '_',
  '\\',
  '../../etc/passwd',
  '__proto__',
  'constructor',
  'toString',
  ' ',
  'x'.repeat(10_240),
  '1'.repeat(10_240),
];

describe.each(TYPES)('hostile subjects where ids are of type %s', (type) => {
  const app = useApp(applicationOf(type));
  const ids = idsOf(type);
  const hostile = [...new Set([...HOSTILE, ...notations(ids[0]!)])].filter(
    (subject) => !ids.includes(subject),
  );

  beforeAll(async () => {
    for (const id of ids) {
      await app().dataSource.query('INSERT INTO accounts (id) VALUES ($1)', [id]);
    }
  });

  it('are nobody, and every other user of the batch is found', async () => {
    const asked = hostile.flatMap((sub, index) => [sub, ids[index % ids.length]!]);
    const answers = await Promise.all(
      asked.map((sub) => app().get('/who', forge({ sub, ver: 0, realm: 'public.accounts' }))),
    );
    const wrong = answers
      .map(({ status, body }, index) => ({ sub: asked[index]!, status, body }))
      .filter(({ sub, status, body }) =>
        ids.includes(sub)
          ? status !== 200 || body['id'] !== sub
          : status !== 401 || body['errorCode'] !== 'user_unknown',
      );
    expect(wrong).toEqual([]);
  });

  it('are nobody, whatever text they are', async () => {
    const digits = fc.string({ unit: fc.constantFrom(...Array.from('0123456789-+ .e')) });
    const text = fc.oneof(digits, fc.string({ unit: 'binary' }), fc.string({ minLength: 1 }));
    const property = fc.asyncProperty(text, fc.constantFrom(...ids), async (sub, id) => {
      fc.pre(sub !== '' && !ids.includes(sub));
      const [nobody, somebody] = await Promise.all(
        [sub, id].map((subject) =>
          app().verifier.verify(forge({ sub: subject, ver: 0, realm: 'public.accounts' })),
        ),
      );
      expect(nobody).toMatchObject({ accepted: false, reason: 'user_unknown' });
      expect(somebody).toMatchObject({ accepted: true, claims: { sub: id } });
    });
    await fc.assert(property, tries(100));
  });

  it('leave the table as it was', async () => {
    const rows = await app().dataSource.query('SELECT id::text AS id FROM accounts');
    expect((rows as { id: string }[]).map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
  });
});

import { Inject, Logger, Module, type Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import {
  TokenInvalidationModule,
  type TokenInvalidationModuleOptions,
  TokenIssuer,
  TokenVerifier,
} from 'nestjs-token-invalidation';
import { revocableJwtStrategy } from 'nestjs-token-invalidation/passport';
import { pgStore } from 'nestjs-token-invalidation/pg';
import { RevocableUser, typeOrmStore } from 'nestjs-token-invalidation/typeorm';
import { Pool } from 'pg';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { SECRET } from '../support/app-settings.js';
import { forge } from '../support/forge.js';
import { openStorage, type StorageDatabase } from '../support/storage/database.js';

abstract class Person extends RevocableUser {
  @PrimaryColumn({ type: 'integer' }) id!: number;

  @Column({ name: 'password_hash', type: 'text', nullable: true }) passwordHash!: string | null;
}

@Entity('customers')
class Customer extends Person {}

@Entity('administrators')
class Administrator extends Person {}

/** Another class for the same table. */
@Entity('administrators')
class Superuser extends Person {}

@Entity({ schema: 'other', name: 'customers' })
class OtherCustomer extends Person {}

const ENTITIES = [Customer, Administrator, Superuser, OtherCustomer];
const TABLES = ['customers', 'administrators', 'other.customers'];

let database: StorageDatabase;
let pool: Pool;

beforeAll(async () => {
  Logger.overrideLogger(false);
  database = await openStorage(
    [
      'CREATE SCHEMA other',
      ...TABLES.map(
        (table) => `CREATE TABLE ${table} (id integer PRIMARY KEY, password_hash text)`,
      ),
    ],
    { entities: ENTITIES },
  );
  for (const table of TABLES) {
    await database.migrate({ table, password: 'password_hash' });
    await database.query(`INSERT INTO ${table} VALUES (1, 'x')`);
  }
  pool = new Pool({ connectionString: database.url });
});
afterAll(async () => {
  await pool?.end();
  await database?.close();
});

type Store = TokenInvalidationModuleOptions['store'];
type Options = Partial<TokenInvalidationModuleOptions>;

/** What a part of the application with a users table to itself works with. */
abstract class Party {
  constructor(
    readonly issuer: TokenIssuer<object>,
    readonly verifier: TokenVerifier,
  ) {}

  async verdictOn(token: string): Promise<string> {
    const verdict = await this.verifier.verify(token);
    return verdict.accepted ? 'accepted' : verdict.reason;
  }
}

/** A module of the application over this store. */
function partyOver(store: Store, options: Options = {}, strategy?: string): Type<Party> {
  @Module({
    imports: [TokenInvalidationModule.forRoot({ store, secret: SECRET, ...options })],
    providers: strategy === undefined ? [] : [revocableJwtStrategy(strategy)],
  })
  class OneParty extends Party {
    constructor(@Inject(TokenIssuer) issuer: TokenIssuer<object>, verifier: TokenVerifier) {
      super(issuer, verifier);
    }
  }
  return OneParty;
}

async function start(...parties: Type<Party>[]): Promise<Party[]> {
  const testing = Test.createTestingModule({
    imports: [
      TypeOrmModule.forRoot({
        type: 'postgres',
        url: database.url,
        entities: ENTITIES,
        retryAttempts: 0,
      }),
      ...parties,
    ],
  });
  const app = await testing.compile();
  onTestFinished(() => app.close());
  await app.init();
  return parties.map((each) => app.get(each));
}

const ofTypeOrm = (entity: Type<Person>, realm?: string): Store =>
  typeOrmStore({ entity, ...(realm !== undefined && { realm }) });
const ofPg = (table: string, realm?: string): Store =>
  pgStore({ pool, table, ...(realm !== undefined && { realm }) });

const load = (entity: Type<Person>) =>
  database.dataSource.getRepository(entity).findOneByOrFail({ id: 1 });
const row = async (table: string) => {
  const { rows } = await pool.query<object>(`SELECT * FROM ${table}`);
  return rows[0]!;
};
const claimsOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString());

describe('a token of one users table', () => {
  it.each<[string, () => [Store, Store], () => Promise<[object, object]>]>([
    [
      'TypeORM',
      () => [ofTypeOrm(Customer), ofTypeOrm(Administrator)],
      async () => [await load(Customer), await load(Administrator)],
    ],
    [
      'TypeORM, in two schemas',
      () => [ofTypeOrm(Customer), ofTypeOrm(OtherCustomer)],
      async () => [await load(Customer), await load(OtherCustomer)],
    ],
    [
      'pg',
      () => [ofPg('customers'), ofPg('administrators')],
      async () => [await row('customers'), await row('administrators')],
    ],
    [
      'pg, in two schemas',
      () => [ofPg('customers'), ofPg('other.customers')],
      async () => [await row('customers'), await row('other.customers')],
    ],
    [
      'one table twice, under two realms',
      () => [ofPg('customers', 'web'), ofPg('customers', 'app')],
      async () => [await row('customers'), await row('customers')],
    ],
  ])('is refused for another: %s', async (_, stores, users) => {
    const [one, other] = (await start(...stores().map((store) => partyOver(store)))) as [
      Party,
      Party,
    ];
    const [user, otherUser] = await users();
    const [token, otherToken] = [one.issuer.issue(user), other.issuer.issue(otherUser)];
    expect(await one.verdictOn(token)).toBe('accepted');
    expect(await other.verdictOn(otherToken)).toBe('accepted');
    expect(await other.verdictOn(token)).toBe('token_invalid');
    expect(await one.verdictOn(otherToken)).toBe('token_invalid');
  });

  it('is accepted by every service over that table, however it names it', async () => {
    const parties = await start(
      ...[ofTypeOrm(Administrator), ofTypeOrm(Superuser), ofPg('administrators')].map((store) =>
        partyOver(store),
      ),
      partyOver(ofPg('public.administrators')),
    );
    const token = parties[0]!.issuer.issue(await load(Administrator));
    for (const party of parties) expect(await party.verdictOn(token)).toBe('accepted');
  });

  it('carries the schema and the table, or the realm that the store was given', async () => {
    const [one, other] = (await start(
      partyOver(ofTypeOrm(Customer)),
      partyOver(ofTypeOrm(OtherCustomer, 'outside')),
    )) as [Party, Party];
    expect(claimsOf(one.issuer.issue(await load(Customer)))['realm']).toBe('public.customers');
    const token = other.issuer.issue(await load(OtherCustomer));
    expect(claimsOf(token)['realm']).toBe('outside');
    const claims = { realm: 'public.customers' } as never;
    const issue = other.issuer.issue.bind(other.issuer, await load(OtherCustomer), { claims });
    expect(issue).toThrow('realm');
  });

  const REALM = 'public.customers';
  const CLAIMS = { sub: '1', ver: 0 };

  it.each<[string, object]>([
    ['missing', {}],
    ['null', { realm: null }],
    ['empty', { realm: '' }],
    ['a list of it', { realm: [REALM] }],
    ['spelled in another way', { realm: REALM.toUpperCase() }],
  ])('is refused where the realm is %s', async (_, realm) => {
    const [party] = await start(partyOver(ofTypeOrm(Customer)));
    expect(await party!.verdictOn(forge({ ...CLAIMS, realm: REALM }))).toBe('accepted');
    expect(await party!.verdictOn(forge({ ...CLAIMS, realm: undefined, ...realm }))).toBe(
      'token_invalid',
    );
  });

  it('may lack the realm until legacyUntil, and not have another', async () => {
    const legacyUntil = new Date(Date.now() + 3_600_000);
    const [party] = await start(partyOver(ofTypeOrm(Customer), { legacyUntil }));
    expect(await party!.verdictOn(forge({ ...CLAIMS, realm: undefined }))).toBe('accepted');
    expect(await party!.verdictOn(forge({ ...CLAIMS, realm: 'public.administrators' }))).toBe(
      'token_invalid',
    );
  });
});

describe('the issuer of one users table', () => {
  it('refuses the record of another', async () => {
    const [party] = await start(partyOver(ofTypeOrm(Administrator)));
    for (const entity of [Customer, OtherCustomer]) {
      const customer = await load(entity);
      expect(() => party!.issuer.issue(customer)).toThrow(
        new TypeError(
          `The ${entity.name} record is none of Administrator, whose tokens are issued here: take the TokenIssuer of the other module.`,
        ),
      );
    }
  });

  it('takes every record that belongs to its table, or says nothing of where it belongs', async () => {
    const [party] = await start(partyOver(ofTypeOrm(Administrator)));
    const administrator = await load(Administrator);
    class Domain {
      readonly note = 'of the application';
    }
    const { id, tokenVersion, passwordChangedAt, logoutAllAt } = administrator;
    const fields = { id, tokenVersion, passwordChangedAt, logoutAllAt };
    const records = [
      administrator,
      await load(Superuser),
      fields,
      Object.assign(new Domain(), fields),
      Object.assign(Object.create(null), fields),
    ];
    for (const record of records) {
      expect(await party!.verdictOn(party!.issuer.issue(record))).toBe('accepted');
    }
  });
});

const boot = (options: Options, other: Options = options) =>
  start(partyOver(ofTypeOrm(Customer), options), partyOver(ofTypeOrm(Administrator), other));

const withNames = () => [
  partyOver(ofTypeOrm(Customer), {}, 'customers'),
  partyOver(ofTypeOrm(Administrator), {}, 'administrators'),
];

describe('an application with two users tables', () => {
  it.each(['isGlobal', 'globalGuard'])('does not start with %s twice', async (option) => {
    await expect(boot({ [option]: true })).rejects.toThrow(`${option} is true in 2 modules: `);
  });

  it('starts with one of each', async () => {
    expect(await boot({ isGlobal: true, globalGuard: true }, {})).toHaveLength(2);
    expect(await boot({ isGlobal: true }, { globalGuard: true })).toHaveLength(2);
  });

  it('does not start with one name for two strategies', async () => {
    const twice = [Customer, Administrator].map((entity) =>
      partyOver(ofTypeOrm(entity), {}, 'people'),
    );
    await expect(start(...twice)).rejects.toThrow(
      'Two strategies of revocableJwtStrategy() have the name "people"',
    );
  });

  it('starts with a name for each strategy, also next to another application', async () => {
    expect(await start(...withNames())).toHaveLength(2);
    expect(await start(...withNames())).toHaveLength(2);
  });
});

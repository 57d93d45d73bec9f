import {
  Column,
  DataSource,
  DeleteDateColumn,
  Entity,
  PrimaryColumn,
  ViewColumn,
  ViewEntity,
} from 'typeorm';
import { beforeAll, describe, expect, it } from 'vitest';
import { RevocableUser } from './revocable-user.entity.js';
import { TokenInvalidationConfigError } from '../options/config.error.js';
import { stateOf, subjectOf } from './user-record.js';
import { describeUserTable, type UserProperties, type UserTable } from './user-table.js';

@Entity('users', { schema: 'auth' })
class User extends RevocableUser {
  @PrimaryColumn({ type: 'uuid' }) id!: string;
  @Column({ type: 'text' }) passwordHash!: string;
  @Column({ type: 'text' }) password!: string;
  @DeleteDateColumn({ type: 'timestamptz' }) deletedAt!: Date | null;
}

@Entity('numbered')
class Numbered {
  @PrimaryColumn({ type: 'integer' }) id!: number;
  @Column({ type: 'bigint' }) version!: string;
  @Column({ type: 'timestamptz', nullable: true }) passwordAt!: Date | null;
  @Column({ type: 'timestamptz', nullable: true }) logoutAt!: Date | null;
  @Column({ type: 'text' }) password!: string;
}

@Entity('two')
class Composite extends RevocableUser {
  @PrimaryColumn({ type: 'uuid' }) tenant!: string;
  @PrimaryColumn({ type: 'uuid' }) id!: string;
}

@Entity('dated')
class Dated extends RevocableUser {
  @PrimaryColumn({ type: 'timestamptz' }) id!: Date;
}

@Entity('plain')
class Plain extends RevocableUser {
  @PrimaryColumn({ type: 'text' }) id!: string;
}

@ViewEntity({ expression: 'SELECT' })
class View {
  @ViewColumn() id!: string;
  @ViewColumn() tokenVersion!: number;
  @ViewColumn() passwordChangedAt!: Date | null;
  @ViewColumn() logoutAllAt!: Date | null;
}

class Unregistered extends RevocableUser {}

const NUMBERED: UserProperties = {
  tokenVersion: 'version',
  passwordChangedAt: 'passwordAt',
  logoutAllAt: 'logoutAt',
};

let dataSource: DataSource;

beforeAll(async () => {
  const entities = [User, Numbered, Composite, Dated, Plain, View];
  dataSource = new DataSource({ type: 'postgres', entities });
  // What TypeORM does when it connects, without a database.
  await (dataSource as unknown as { buildMetadatas(): Promise<void> }).buildMetadatas();
});

const tableOf = (entity: new () => object, properties: UserProperties = {}): UserTable =>
  describeUserTable(dataSource, entity, properties);

describe('describeUserTable', () => {
  it('finds the columns by the names that they have by default', () => {
    expect(tableOf(User).columns).toEqual({
      schema: 'auth',
      table: 'users',
      id: 'id',
      idType: 'uuid',
      tokenVersion: 'token_version',
      passwordChangedAt: 'password_changed_at',
      logoutAllAt: 'logout_all_at',
      password: 'passwordHash',
      deletedAt: 'deletedAt',
    });
  });

  it('finds them by the names that it is given, and a password by its other name', () => {
    expect(tableOf(Numbered, NUMBERED).columns).toEqual({
      schema: undefined,
      table: 'numbered',
      id: 'id',
      idType: 'integer',
      tokenVersion: 'version',
      passwordChangedAt: 'passwordAt',
      logoutAllAt: 'logoutAt',
      password: 'password',
      deletedAt: undefined,
    });
  });

  it('takes the password property that it is given', () => {
    expect(tableOf(User, { password: 'password' }).columns.password).toBe('password');
  });

  it('knows no password where there is none', () => {
    expect(tableOf(Plain).columns.password).toBeUndefined();
  });

  const types = 'uuid, smallint, integer, bigint, text, character varying, citext';

  it.each<[string, () => unknown, string[]]>([
    [
      'another database',
      () => describeUserTable(new DataSource({ type: 'cockroachdb' } as never), User, {}),
      [
        'the data source is of type "cockroachdb": typeOrmStore() needs "postgres"; for another database extend TokenStateStore and give that class as the option store.',
      ],
    ],
    [
      'an entity that the data source does not know',
      () => tableOf(Unregistered),
      [
        'entity: Unregistered is not registered with the data source: add it to "entities", or set autoLoadEntities and import TypeOrmModule.forFeature([Unregistered]).',
      ],
    ],
    [
      'a name where a class is expected',
      () => describeUserTable(dataSource, 'nobody', {}),
      [
        'entity: "nobody" is not registered with the data source: add it to "entities", or set autoLoadEntities and import TypeOrmModule.forFeature(["nobody"]).',
      ],
    ],
    [
      'two primary columns',
      () => tableOf(Composite),
      [`entity: Composite needs one primary column, of type ${types}; it has 2.`],
    ],
    [
      'a view, which has no primary column',
      () => tableOf(View),
      [`entity: View needs one primary column, of type ${types}; it has 0.`],
    ],
    [
      'an id that can be written in many ways',
      () => tableOf(Dated),
      [
        `entity: Dated needs one primary column, of type ${types}; it has one of type timestamp with time zone.`,
      ],
    ],
    [
      'missing columns',
      () => tableOf(Numbered, { password: 'pin' }),
      [
        ['tokenVersion', 'tokenVersion'],
        ['passwordChangedAt', 'passwordChangedAt'],
        ['logoutAllAt', 'logoutAllAt'],
        ['password', 'pin'],
      ].map(
        ([role, property]) =>
          `entity: Numbered has no column property "${property}": extend RevocableUser, declare the column, or name yours with properties: { ${role}: '…' }.`,
      ),
    ],
  ])('says what is wrong with %s, and what to do', (_, describing, problems) => {
    expect(describing).toThrow(new TokenInvalidationConfigError(problems));
  });
});

const incomplete = (entity: string, property: string) =>
  new TypeError(
    `The ${entity} record has no ${property}: load the whole record, or add ${property} to its "select". A token can only be issued from the record's own id and token state, which a copy such as { ...user } does not have.`,
  );

const subject = (entity: new () => object, properties: UserProperties, id: unknown) =>
  subjectOf(dataSource, tableOf(entity, properties), { id });

describe('subjectOf', () => {
  it('is the id as PostgreSQL writes it', () => {
    expect(subject(User, {}, 'ABCDEF01-2345-6789-ABCD-EF0123456789')).toBe(
      'abcdef01-2345-6789-abcd-ef0123456789',
    );
    expect(subject(Numbered, NUMBERED, 7)).toBe('7');
    expect(subject(Numbered, NUMBERED, 7n)).toBe('7');
    expect(subject(Numbered, NUMBERED, 'AsItIs')).toBe('AsItIs');
  });

  it.each([undefined, null, true, {}])('cannot be %j', (id) => {
    expect(() => subject(User, {}, id)).toThrow(incomplete('User', 'id'));
  });
});

describe('stateOf', () => {
  const now = new Date();
  const whole = { version: 3, passwordAt: now, logoutAt: null };
  const state = (changes: object) =>
    stateOf(dataSource, tableOf(Numbered, NUMBERED), { ...whole, ...changes });

  it('is what the record carries, a bigint version as a number', () => {
    const expected = { tokenVersion: 3, passwordChangedAt: now, logoutAllAt: null };
    expect(state({})).toEqual(expected);
    expect(state({ version: '3' })).toEqual(expected);
    expect(state({ version: 3n })).toEqual(expected);
    expect(state({ passwordAt: null, logoutAt: now })).toEqual({
      tokenVersion: 3,
      passwordChangedAt: null,
      logoutAllAt: now,
    });
  });

  it.each([undefined, null, 1.5, 'three', '', ' 3', 2 ** 53, true])(
    'takes no %j for a version',
    (version) => {
      expect(() => state({ version })).toThrow(incomplete('Numbered', 'version'));
    },
  );

  it.each([undefined, 'yesterday', 0, new Date(Number.NaN)])(
    'takes no %s for a cutoff',
    (cutoff) => {
      expect(() => state({ passwordAt: cutoff })).toThrow(incomplete('Numbered', 'passwordAt'));
      expect(() => state({ logoutAt: cutoff })).toThrow(incomplete('Numbered', 'logoutAt'));
    },
  );
});

import { RevocableUser } from 'nestjs-token-invalidation/typeorm';
import {
  Column,
  DeleteDateColumn,
  Entity,
  PrimaryColumn,
  type PrimaryColumnOptions,
  PrimaryGeneratedColumn,
} from 'typeorm';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { tokenStateStoreContract } from '../../src/testing/index.js';
import {
  awkwardName,
  BIGINT_USERS,
  type ContractTable,
  createContractTable,
  INTEGER_USERS,
  UUID_USERS,
  VARCHAR_USERS,
} from '../support/storage/contract-tables.js';
import {
  type EntityClass,
  openStorage,
  type StorageDatabase,
} from '../support/storage/database.js';
import { storageHarness } from '../support/storage/harness.js';
import { ALL_PARTS } from '../support/storage/sql-harness.js';

abstract class ContractUser extends RevocableUser {
  @Column({ name: 'password_hash', type: 'text', select: false })
  passwordHash!: string;

  @DeleteDateColumn({ name: 'deleted_at', type: 'timestamptz' })
  deletedAt!: Date | null;
}

interface Variant extends ContractTable {
  readonly entity: EntityClass;
}

const uuid: PrimaryColumnOptions = { type: 'uuid', default: () => 'gen_random_uuid()' };

@Entity('uuid_users')
class UuidUser extends ContractUser {
  @PrimaryColumn(uuid) id!: string;
}

@Entity('integer_users')
class IntegerUser extends ContractUser {
  @PrimaryGeneratedColumn('identity') id!: number;
}

@Entity('bigint_users')
class BigintUser extends ContractUser {
  @PrimaryGeneratedColumn({ type: 'bigint' }) id!: string;
}

@Entity('text_users')
class TextUser extends ContractUser {
  @PrimaryColumn({ type: 'text' }) id!: string;
}

@Entity('varchar_users')
class VarcharUser extends ContractUser {
  @PrimaryColumn({ length: 40 }) id!: string;
}

const VARIANTS: readonly Variant[] = [
  { ...UUID_USERS, entity: UuidUser },
  { ...INTEGER_USERS, entity: IntegerUser },
  { ...BIGINT_USERS, entity: BigintUser },
  { users: 'text_users', idType: 'text', nextId: awkwardName, entity: TextUser },
  { ...VARCHAR_USERS, entity: VarcharUser },
];

let database: StorageDatabase;

beforeAll(async () => {
  database = await openStorage(VARIANTS.map(createContractTable), {
    entities: VARIANTS.map(({ entity }) => entity),
  });
  for (const { users } of VARIANTS) {
    await database.migrate({ table: users, password: 'password_hash', to: ALL_PARTS });
  }
});

afterAll(() => database?.close());

describe.each(VARIANTS)('a store over $users', ({ users, entity, nextId }) => {
  tokenStateStoreContract(
    { describe, it },
    storageHarness(() => database, {
      entity,
      users,
      everyone: `${users}_token_invalidation`,
      ...(nextId && { nextId }),
    }),
  );
});

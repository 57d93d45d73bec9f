import { afterAll, beforeAll, describe, it } from 'vitest';
import { tokenStateStoreContract } from '../../src/testing/index.js';
import type { TestDatabase } from '../support/database.js';
import {
  BIGINT_USERS,
  type ContractTable,
  createContractDatabase,
  INTEGER_USERS,
  UUID_USERS,
  VARCHAR_USERS,
} from '../support/storage/contract-tables.js';
import { PrismaHarness } from '../support/storage/prisma-harness.js';
import { laterHarness } from '../support/storage/sql-harness.js';

interface Variant extends ContractTable {
  readonly model: string;
  idOf(subject: string): unknown;
}

const VARIANTS: readonly Variant[] = [
  { ...UUID_USERS, model: 'uuidUser', idOf: String },
  { ...INTEGER_USERS, model: 'integerUser', idOf: Number },
  { ...BIGINT_USERS, model: 'bigintUser', idOf: BigInt },
  { ...VARCHAR_USERS, model: 'varcharUser', idOf: String },
];

let database: TestDatabase;

beforeAll(async () => {
  database = await createContractDatabase(VARIANTS);
});
afterAll(() => database?.drop());

describe.each(VARIANTS)('a store of Prisma over $users', (variant) => {
  let harness: PrismaHarness;

  beforeAll(() => {
    harness = new PrismaHarness({ url: database.url, ...variant });
  });
  afterAll(() => harness?.close());

  tokenStateStoreContract(
    { describe, it },
    laterHarness(() => harness),
  );
});

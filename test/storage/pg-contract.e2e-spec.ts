import { afterAll, beforeAll, describe, it } from 'vitest';
import { tokenStateStoreContract } from '../../src/testing/index.js';
import type { TestDatabase } from '../support/database.js';
import {
  awkwardName,
  BIGINT_USERS,
  type ContractTable,
  createContractDatabase,
  INTEGER_USERS,
  UUID_USERS,
} from '../support/storage/contract-tables.js';
import { PgHarness } from '../support/storage/pg-harness.js';
import { laterHarness } from '../support/storage/sql-harness.js';

const VARIANTS: readonly ContractTable[] = [
  UUID_USERS,
  INTEGER_USERS,
  BIGINT_USERS,
  { users: 'domain_users', idType: 'user_name', nextId: awkwardName },
];

let database: TestDatabase;

beforeAll(async () => {
  database = await createContractDatabase(VARIANTS, 'CREATE DOMAIN user_name AS varchar(40)');
});
afterAll(() => database?.drop());

describe.each(VARIANTS)('a store of plain pg over $users', (variant) => {
  let harness: PgHarness;

  beforeAll(() => {
    harness = new PgHarness({ url: database.url, ...variant });
  });
  afterAll(() => harness?.close());

  tokenStateStoreContract(
    { describe, it },
    laterHarness(() => harness),
  );
});

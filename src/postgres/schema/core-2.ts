import { quoteName } from '../sql.js';
import { createTriggers, dropTriggers } from './core-2-triggers.js';
import type { SchemaVersion, SqlNames } from './schema-version.js';

/**
 * Core, version 2: three columns for each user, a table of one row for everyone, and the triggers that hold for every
 * writer: TypeORM's `save()` of a stale record, `update()`, raw SQL, psql.
 */
export const CORE_2: SchemaVersion = {
  up: (names) => [...addColumns(names), ...createTriggers(names)],
  down: (names) => [...dropTriggers(names), ...dropColumns(names)],
};

function addColumns(names: SqlNames): string[] {
  const { users, everyone } = tablesOf(names);
  return [
    `ALTER TABLE ${users}
      ADD COLUMN IF NOT EXISTS ${quoteName(names.tokenVersion)} integer NOT NULL DEFAULT 0,
      ADD COLUMN IF NOT EXISTS ${quoteName(names.passwordChangedAt)} timestamptz(3),
      ADD COLUMN IF NOT EXISTS ${quoteName(names.logoutAllAt)} timestamptz(3)`,
    `CREATE TABLE IF NOT EXISTS ${everyone} (
      singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
      everyone_logged_out_at timestamptz(3),
      everyone_version bigint NOT NULL DEFAULT 0,
      retired_version bigint NOT NULL DEFAULT 0
    )`,
    // Of 0.1.0, which was never published.
    `ALTER TABLE ${everyone} ADD COLUMN IF NOT EXISTS everyone_version bigint NOT NULL DEFAULT 0`,
    `INSERT INTO ${everyone} DEFAULT VALUES ON CONFLICT (singleton) DO NOTHING`,
  ];
}

function dropColumns(names: SqlNames): string[] {
  const { users, everyone } = tablesOf(names);
  return [
    `DROP TABLE IF EXISTS ${everyone}`,
    `ALTER TABLE ${users}
      DROP COLUMN IF EXISTS ${quoteName(names.tokenVersion)},
      DROP COLUMN IF EXISTS ${quoteName(names.passwordChangedAt)},
      DROP COLUMN IF EXISTS ${quoteName(names.logoutAllAt)}`,
  ];
}

function tablesOf({ schema, users, everyone }: SqlNames) {
  return {
    users: `${schema}.${quoteName(users)}`,
    everyone: `${schema}.${quoteName(everyone)}`,
  };
}

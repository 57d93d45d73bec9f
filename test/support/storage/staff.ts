import type { ModuleMetadata } from '@nestjs/common';
import { tokenInvalidationSql } from 'nestjs-token-invalidation/pg';
import type { Pool } from 'pg';
import { Column, DeleteDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** A users table in which everything has another name. */
export const STAFF = {
  table: 'staff.people',
  id: 'key',
  password: 'hash',
  tokenVersion: 'ver',
  passwordChangedAt: 'pw_at',
  logoutAllAt: 'out_at',
  everyoneTable: 'staff_everyone',
} as const;

/** The same, as an entity. */
@Entity({ schema: 'staff', name: 'people' })
export class Employee {
  @PrimaryColumn({ type: 'uuid' })
  key!: string;

  @Column({ name: 'hash', type: 'text', select: false })
  secretHash!: string;

  @Column({ name: 'ver', type: 'integer', update: false })
  version!: number;

  @Column({ name: 'pw_at', type: 'timestamptz', precision: 3, nullable: true, update: false })
  changedAt!: Date | null;

  @Column({ name: 'out_at', type: 'timestamptz', precision: 3, nullable: true, update: false })
  outAt!: Date | null;

  @DeleteDateColumn({ name: 'gone_at', type: 'timestamptz' })
  goneAt!: Date | null;
}

export const EMPLOYEE_PROPERTIES = {
  tokenVersion: 'version',
  passwordChangedAt: 'changedAt',
  logoutAllAt: 'outAt',
  password: 'secretHash',
};

export const ANNA = '11111111-1111-4111-8111-111111111111';
export const GONE = '22222222-2222-4222-8222-222222222222';
export const BUSY = '33333333-3333-4333-8333-333333333333';

/** Creates the table, with a user who is there, one who is gone, and one whose row tests write. */
export async function createStaff(pool: Pool): Promise<void> {
  await pool.query(`
    CREATE SCHEMA staff;
    CREATE TABLE staff.people (key uuid PRIMARY KEY, hash text NOT NULL, note text, gone_at timestamptz)`);
  await pool.query(tokenInvalidationSql(STAFF).up);
  await pool.query(`
    INSERT INTO staff.people (key, hash, note, gone_at)
    VALUES ('${ANNA}', 'hash', 'note', NULL), ('${GONE}', 'hash', 'note', now()), ('${BUSY}', 'hash', 'note', NULL)`);
}

/** A module that exports one value under an injection token. */
export function moduleWith(
  provide: string,
  useValue: object,
): NonNullable<ModuleMetadata['imports']>[number] {
  // oxlint-disable-next-line typescript/no-extraneous-class -- Nest knows modules by their classes
  class ValueModule {}
  return { module: ValueModule, providers: [{ provide, useValue }], exports: [provide] };
}

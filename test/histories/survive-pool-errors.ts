import type { Pool } from 'pg';
import type { TestApp } from '../support/create-app.js';

/**
 * A connection of TypeORM's that is cut as it opens raises an error event while nobody listens yet, and would end the
 * process. That is between TypeORM and the application; the library listens on its own.
 */
export function survivePoolErrors({ dataSource }: Pick<TestApp, 'dataSource'>): void {
  const { master } = dataSource.driver as unknown as { master: Pool };
  master.on('connect', (client) => client.on('error', () => {}));
}

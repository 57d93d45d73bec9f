import type { DataSource } from 'typeorm';
import { enableTriggers } from '../enable-triggers.js';

/** Does something as it would be done in a database without the triggers. */
export async function withoutTriggers<Result>(
  dataSource: DataSource,
  action: () => Promise<Result>,
): Promise<Result> {
  await dataSource.query('ALTER TABLE users DISABLE TRIGGER USER');
  try {
    return await action();
  } finally {
    await dataSource.query(enableTriggers('users'));
  }
}

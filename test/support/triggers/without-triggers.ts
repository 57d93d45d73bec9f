import type { DataSource } from 'typeorm';

/** Does something as it would be done in a database without the triggers. */
export async function withoutTriggers<Result>(
  dataSource: DataSource,
  action: () => Promise<Result>,
): Promise<Result> {
  await dataSource.query('ALTER TABLE users DISABLE TRIGGER USER');
  try {
    return await action();
  } finally {
    await dataSource.query('ALTER TABLE users ENABLE TRIGGER USER');
  }
}

import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { hashPassword } from './passwords.js';
import { User } from './user.entity.js';

export const PASSWORD = 'correct horse battery staple';

/** A new user with `PASSWORD`, as the database has it. */
export async function createUser(
  dataSource: DataSource,
  values: Partial<User> = {},
): Promise<User> {
  const users = dataSource.getRepository(User);
  const user = users.create({
    email: `${randomUUID()}@example.com`,
    passwordHash: await hashPassword(PASSWORD),
    ...values,
  });
  await users.save(user);
  return users.findOneByOrFail({ id: user.id });
}

import { Client } from 'pg';
import { onTestFinished } from 'vitest';

/** Another program, in a transaction. What it has locked is free at the end of the test, at the latest. */
export async function openHolder(databaseUrl: string): Promise<Client> {
  const holder = new Client(databaseUrl);
  await holder.connect();
  onTestFinished(() => holder.end());
  await holder.query('BEGIN');
  return holder;
}

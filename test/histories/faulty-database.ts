import type { Pool } from 'pg';
import type { PlantedFault } from './planted-faults.js';

/** Breaks the triggers of a test's database, where the fault is one of theirs. */
export async function plantInDatabase(database: Pool, fault: PlantedFault): Promise<void> {
  if (fault === 'trigger-missing')
    await database.query('DROP TRIGGER zz_token_invalidation ON users');
  if (fault === 'transaction-clock') await rewrite(database, /clock_timestamp\(\)/g, 'now()');
  if (fault === 'cutoff-without-version') {
    await rewrite(database, /IF NEW\."token_version" = OLD\."token_version"[\s\S]*?END IF;/, '');
  }
}

async function rewrite(database: Pool, pattern: RegExp, replacement: string): Promise<void> {
  const { rows } = await database.query<{ text: string }>(
    `SELECT pg_get_functiondef('users_token_invalidation_state'::regproc) AS text`,
  );
  const text = rows[0]!.text.replace(pattern, replacement);
  if (text === rows[0]!.text) throw new Error(`The trigger has no ${pattern.source} to replace.`);
  await database.query(text);
}

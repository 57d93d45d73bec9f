import { isBroken } from '../database-access.js';
import type { DeviceClient } from './device-client.js';
import type { Holder } from './presenting.js';
import type { SessionRow } from './session-operation.js';
import { GRACE, SIGHT } from './session-times.js';
import type { SessionUser } from './session-user.js';

/** Looks at the user's sessions in the table. */
export async function readRows(client: DeviceClient, user: SessionUser): Promise<void> {
  const { database, recorder } = client.world;
  const invocation = { kind: 'read-rows', user, client: client.number } as const;
  await recorder.perform(invocation, async () => {
    const { rows } = await database.query<SessionRow>(
      `SELECT s.id, generation, ended_at IS NOT NULL AS ended, ended_at IS NULL
        AND expires_at > clock_timestamp() AND user_version = token_version
        AND greatest(rotated_at, seen_at) + idle_seconds * interval '1 second' > clock_timestamp() AS live
      FROM users_token_sessions AS s JOIN users ON users.id = user_id WHERE user_id = $1`,
      [user.id],
    );
    return { outcome: 'done', rows };
  });
}

/**
 * The database loses the last rotation of a session, as a failover does that loses the last commit. It is once more as it
 * was when that rotation was due.
 */
export async function loseRotation(
  client: DeviceClient,
  { user, device: { sessionId } }: Holder,
): Promise<void> {
  const generation = user.generations.get(sessionId) ?? 0;
  if (generation === 0) return;
  const { recorder } = client.world;
  const session = { sessionId };
  const invocation = { kind: 'lost-rotation', user, client: client.number, session } as const;
  await recorder.perform(invocation, async () => {
    try {
      const isLost = await lose(client, { sessionId, generation });
      return { outcome: isLost ? 'done' : 'refused' };
    } catch (error) {
      if (isBroken(error)) return { outcome: 'unknown' };
      throw error;
    }
  });
}

/** Past the trigger, which lets no writer do that. Not when a later rotation is there, or this one was lost already. */
function lose(
  { world }: DeviceClient,
  { sessionId, generation }: { sessionId: string; generation: number },
): Promise<boolean> {
  return world.database.inTransaction(async (connection) => {
    await connection.query(
      'ALTER TABLE users_token_sessions DISABLE TRIGGER zz_token_invalidation',
    );
    const { rowCount } = await connection.query(
      `UPDATE users_token_sessions SET generation = generation - 1,
        rotated_at = clock_timestamp() - $3 * interval '1 second',
        seen_at = clock_timestamp() - $4 * interval '1 second'
      WHERE id = $1 AND generation = $2 AND ended_at IS NULL`,
      [sessionId, generation, 2 * GRACE + SIGHT, 2 * GRACE],
    );
    await connection.query(
      'ALTER TABLE users_token_sessions ENABLE ALWAYS TRIGGER zz_token_invalidation',
    );
    return rowCount === 1;
  });
}

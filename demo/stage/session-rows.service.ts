import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

/** More than the page has devices, so that it shows what has ended too. */
const MAX_ROWS = 5;

const ROWS = `
  SELECT s.id, s.label, s.user_version, s.generation, s.rotated_at, s.seen_at, s.ended_reason,
    s.everyone_version < g.everyone_version AS everyone_logged_out
  FROM users_token_sessions AS s, users_token_invalidation AS g
  WHERE s.user_id = $1
  ORDER BY s.ended_at IS NOT NULL, s.id DESC
  LIMIT ${MAX_ROWS}`;

const AGED = ['started_at', 'auth_time', 'expires_at', 'rotated_at', 'seen_at', 'ended_at']
  .map((name) => `${name} = ${name} - $2 * interval '1 second'`)
  .join(', ');

/** The rows of a visitor's sessions, without the library. */
@Injectable()
export class SessionRows {
  constructor(private readonly dataSource: DataSource) {}

  /** As they are now, those that are not ended first. */
  of(userId: string): Promise<object[]> {
    return this.dataSource.query<object[]>(ROWS, [userId]);
  }

  /**
   * Lets time pass for the sessions of one visitor, who need not wait for it: their instants move back. The trigger forbids
   * that to everybody, and to the owner of the table too, who can switch it off.
   */
  async age(userId: string, seconds: number): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      await manager.query('ALTER TABLE users_token_sessions DISABLE TRIGGER USER');
      await manager.query(`UPDATE users_token_sessions SET ${AGED} WHERE user_id = $1`, [
        userId,
        seconds,
      ]);
      await manager.query(
        'ALTER TABLE users_token_sessions ENABLE ALWAYS TRIGGER zz_token_invalidation',
      );
    });
  }
}

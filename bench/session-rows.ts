const TABLE = 'users_token_sessions';
const TRIGGER = 'zz_token_invalidation';

/** Marks the sessions that are made due for a rotation before each measurement. */
export const DUE = 'due';

/** Marks the sessions that stay in the window in which a refresh rotates nothing. */
export const REPEATED = 'repeated';

/** Puts sessions of all users into the table, spread evenly, with ends over the next 90 days. */
export function fillSessions({ users, sessionRows }: Record<'users' | 'sessionRows', number>) {
  return [
    ...withoutTrigger(`
      INSERT INTO ${TABLE} (
        id, user_id, user_version, everyone_version, secret_hash,
        started_at, auth_time, expires_at, idle_seconds, persistent, rotated_at, seen_at
      )
      SELECT
        ('01900000-0000-7000-8000-' || lpad(to_hex(row_number() OVER ()), 12, '0'))::uuid,
        u.id, u.token_version, 0, sha256(u.id::text::bytea),
        now(), now(), now() + random() * interval '90 days', 30 * 86400, true, now(), now()
      FROM generate_series(1, ${Math.ceil(sessionRows / users)}) AS n CROSS JOIN users AS u
      LIMIT ${sessionRows}`),
    `VACUUM ANALYZE ${TABLE}`,
  ];
}

/** As if the clients came back after the life of an access token: the next refresh of each is due for a rotation. */
export const AGE_SESSIONS = [
  ...withoutTrigger(`
    UPDATE ${TABLE}
    SET rotated_at = rotated_at - interval '15 minutes', seen_at = rotated_at - interval '14 minutes'
    WHERE label = '${DUE}' AND (seen_at IS NULL OR seen_at > now() - interval '5 minutes')`),
  `VACUUM ${TABLE}`,
];

/** The next rotation is twice the grace away: two minutes. */
export const SEE_SESSIONS = withoutTrigger(`
  UPDATE ${TABLE} SET seen_at = clock_timestamp() WHERE label = '${REPEATED}'`);

/** Time cannot be set back past it, even by its owner. */
function withoutTrigger(statement: string): string[] {
  return [
    `ALTER TABLE ${TABLE} DISABLE TRIGGER ${TRIGGER}`,
    statement,
    `ALTER TABLE ${TABLE} ENABLE ALWAYS TRIGGER ${TRIGGER}`,
  ];
}

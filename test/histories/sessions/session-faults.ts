import type { Rewrite } from '../faulty-source.js';

/** What can be broken on purpose in a history of sessions, so that the checker has to find it. */
export const SESSION_FAULTS = [
  'new-child-grace',
  'grace-from-rotation',
  'sights-at-once',
  'sights-from-rotation',
  'token-without-rotation',
  'ahead-by-one',
  'fresh-version',
  'insert-on-refresh',
  'ownership-dropped',
  'everyone-by-instant',
  'expiry-by-node',
  'reuse-before-expiry',
  'reuse-overlooked',
  'cap-dropped',
  'activity-dropped',
] as const;

export type SessionFault = (typeof SESSION_FAULTS)[number];

const RULE = 'src/rule/refresh-rule.ts';
const STARTS = 'src/postgres/sessions/start-statements.ts';
const ROTATIONS = 'src/postgres/sessions/rotate-statements.ts';
const ENDINGS = 'src/postgres/sessions/end-statements.ts';
const REFRESHES = 'src/postgres/sessions/session-refreshes.ts';
const READ = 'src/postgres/sessions/read-part.ts';
const REFRESHER = 'src/sessions/refresher.ts';

/** For how long a node is busy between two statements that should be one. */
const BUSY = 'await new Promise((resolve) => setTimeout(resolve, 20))';
/** The session is read, and written as a new row. */
const INSERTED = `WITH gone AS (DELETE FROM users_token_sessions WHERE id = $1::uuid RETURNING *),
  fresh AS (INSERT INTO users_token_sessions SELECT (jsonb_populate_record(NULL::users_token_sessions,
    to_jsonb(gone) || '{"ended_at": null, "ended_reason": null}')).* FROM gone RETURNING id::text) SELECT id FROM fresh`;
/** What is broken is the statement for one refresh, so none shares a statement with others. */
const EACH_ALONE: Rewrite = {
  file: REFRESHES,
  find: '    if (asked.length === 1) return [Promise.resolve(await this.rotateAlone(asked[0]!))];\n',
  replace: "    if (asked.length > 0) return asked.map(() => Promise.resolve('alone'));\n",
};

export const SESSION_REWRITES: Readonly<Record<SessionFault, readonly Rewrite[]>> = {
  'new-child-grace': [
    {
      file: ROTATIONS,
      find: "`WHERE ${isPresented('$3::integer')} AND u.",
      replace:
        "`WHERE s.id = $1::uuid AND s.secret_hash = ${hash('$2')} AND s.generation IN ($3::integer, $3::integer + 1) AND u.",
    },
    {
      file: ROTATIONS,
      find: "`AND ${isRotationDueAt(CLOCK, '$4::float8')} RETURNING ${returning}) ` +",
      replace:
        "`AND CASE s.generation WHEN $3::integer THEN ${isRotationDueAt(CLOCK, '$4::float8')} " +
        "ELSE s.rotated_at + ${seconds('$4::float8')} > ${CLOCK} END RETURNING ${returning}) ` +",
    },
    EACH_ALONE,
  ],
  'grace-from-rotation': [
    {
      file: RULE,
      find: '(wasLost || secondsSinceSeen < graceSeconds)',
      replace: 'secondsSinceRotated < graceSeconds',
    },
  ],
  'sights-at-once': [
    { file: RULE, find: 'SIGHT_AFTER_SECONDS = 60', replace: 'SIGHT_AFTER_SECONDS = 0' },
  ],
  'sights-from-rotation': [
    { file: RULE, find: 'const counts = wasLost', replace: 'const counts = false' },
  ],
  'token-without-rotation': [
    {
      file: REFRESHER,
      find: 'acceptance.repeatsSuccessor ? token : undefined',
      replace: 'token',
    },
  ],
  'ahead-by-one': [
    { file: RULE, find: 'if (presented === current + 1)', replace: 'if (presented < current)' },
  ],
  'fresh-version': [
    {
      file: REFRESHER,
      find: '    return this.parts.tokens.write(signed(record, generation), holderOf(record), token);\n',
      replace: `    ${BUSY};
        const fresh = (await this.parts.store.look(token)).state.tokenVersion;
        const session = { ...signed(record, generation), userVersion: fresh };
        return this.parts.tokens.write(session, holderOf(record), token);\n`,
    },
    {
      file: REFRESHER,
      find: '      signed(record, acceptance.generation),\n',
      replace: `      {
        ...signed(record, (${BUSY}, acceptance.generation)),
        userVersion: (await this.parts.store.look(token)).state.tokenVersion,
      },\n`,
    },
  ],
  'insert-on-refresh': [
    {
      file: REFRESHES,
      find: `    const statement = { ...sessions.rotate, values: rotateValues(rotation) };
    return this.records.decode(firstOf(await this.parts.writer.run(statement)));\n`,
      replace: `    const statement = { ...sessions.rotate, values: rotateValues(rotation) };
        const rows = await this.parts.writer.run(statement);
        if (rows.length > 0) {
          ${BUSY};
          const values = [rotation.presented.sessionId];
          await this.parts.writer.run({ text: ${JSON.stringify(INSERTED)}, values });
        }
        return this.records.decode(firstOf(rows));\n`,
    },
    EACH_ALONE,
  ],
  'ownership-dropped': [
    {
      file: ENDINGS,
      find: 'end(parts, `s.user_id = $2::${parts.columns.idType}`)',
      replace: 'end(parts, `$2::text IS NOT NULL`)',
    },
  ],
  'everyone-by-instant': [
    {
      file: READ,
      find: "s.generation || ' ' || s.everyone_version",
      replace: `s.generation || ' ' || (SELECT CASE WHEN s.started_at <= e.everyone_logged_out_at THEN s.everyone_version ELSE e.everyone_version END FROM users_token_invalidation AS e)`,
    },
    {
      file: 'src/rule/rule.ts',
      find: 'const ofToken = Number(claims.everyone_ver);',
      replace: 'const ofToken = everyone.version;',
    },
  ],
  'expiry-by-node': [
    { file: READ, find: "WHEN s.expires_at <= ${MOMENT} THEN 'expired' ", replace: '' },
  ],
  'reuse-before-expiry': [
    {
      file: RULE,
      find: '  const refused = judgeLife(record);\n',
      replace: `  if (presented < record.refreshed.generation - 1)
        return { ...refusal('refresh_reused'), ends: 'refresh_reused' };
      const refused = judgeLife(record);\n`,
    },
  ],
  'reuse-overlooked': [
    {
      file: RULE,
      find: '(wasLost || secondsSinceSeen < graceSeconds)',
      replace: 'true',
    },
  ],
  'cap-dropped': [
    {
      file: STARTS,
      find: 'WHERE live.place >= $7::integer ',
      replace: 'WHERE live.place >= $7::integer + 100 ',
    },
  ],
  'activity-dropped': [
    {
      file: REFRESHER,
      find: "    if (!(await this.isActive(record))) return this.reported(refusal('user_inactive'), record);\n",
      replace: '',
    },
  ],
};

import { dollarQuote, TRIGGER } from '../sql.js';
import { trigger } from './core-2-sql.js';
import type { SchemaVersion, SqlNames } from './schema-version.js';
import { sessionNames } from './session-names.js';

/** Revoked tokens, version 1: single access tokens, by their id, until they expire. Needs the part core. */
export const REVOKED_TOKENS_1: SchemaVersion = {
  up: (names) => {
    const { revokedTokens, indexes } = sessionNames(names);
    return [
      `CREATE TABLE IF NOT EXISTS ${revokedTokens} (
        jti text PRIMARY KEY CHECK (char_length(jti) <= 255),
        expires_at timestamptz(3) NOT NULL
      )`,
      `CREATE INDEX IF NOT EXISTS ${indexes.revokedEnd} ON ${revokedTokens} (expires_at)`,
      ...keepRevoked(names),
    ];
  },
  down: (names) => {
    const { revokedTokens, functions } = sessionNames(names);
    return [
      `DROP TABLE IF EXISTS ${revokedTokens}`,
      `DROP FUNCTION IF EXISTS ${functions.revoked}() CASCADE`,
    ];
  },
};

function keepRevoked(names: SqlNames): string[] {
  const { revokedTokens, functions } = sessionNames(names);
  const call = (on: string) => `${on} EXECUTE FUNCTION ${functions.revoked}('revoked_tokens=1')`;
  return [
    `CREATE OR REPLACE FUNCTION ${functions.revoked}() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS ${dollarQuote(`
    DECLARE
      live boolean;
    BEGIN
      IF TG_OP = 'UPDATE' THEN
        NEW.jti := OLD.jti;
        NEW.expires_at := greatest(OLD.expires_at, NEW.expires_at);
        RETURN NEW;
      END IF;
      IF TG_OP = 'DELETE' THEN
        live := OLD.expires_at > clock_timestamp();
      ELSE
        live := EXISTS (SELECT FROM ${revokedTokens} WHERE expires_at > clock_timestamp());
      END IF;
      IF live THEN
        RAISE EXCEPTION 'Rows of % stay until they expire: the tokens that they revoke would be valid again.', TG_TABLE_NAME;
      END IF;
      RETURN OLD;
    END `)}`,
    ...trigger(
      TRIGGER,
      revokedTokens,
      call(`BEFORE UPDATE OR DELETE ON ${revokedTokens} FOR EACH ROW`),
    ),
    ...trigger(
      `${TRIGGER}_truncate`,
      revokedTokens,
      call(`BEFORE TRUNCATE ON ${revokedTokens} FOR EACH STATEMENT`),
    ),
  ];
}

import {
  dollarQuote,
  quoteName,
  quoteText,
  REHASH_SETTING,
  rehashPermit,
  TRIGGER,
} from '../sql.js';
import type { SqlNames } from './schema-version.js';

/**
 * The functions and triggers of core, version 2; each trigger follows the removal of an earlier one.
 *
 * Each function is pinned to pg_catalog, so that no other `greatest` or `format` can get in between.
 */
export function createTriggers(names: SqlNames): string[] {
  return [...keepState(names), ...takeIds(names), ...leaveIds(names), ...keepEveryone(names)];
}

export function dropTriggers(names: SqlNames): string[] {
  const { users, everyone, functions } = sqlNames(names);
  return [
    `DROP TRIGGER IF EXISTS ${TRIGGER} ON ${users}`,
    `DROP TRIGGER IF EXISTS ${TRIGGER}_take_id ON ${users}`,
    `DROP TRIGGER IF EXISTS ${TRIGGER}_leave_id ON ${users}`,
    `DROP TRIGGER IF EXISTS ${TRIGGER}_truncate ON ${users}`,
    `DROP TRIGGER IF EXISTS ${TRIGGER} ON ${everyone}`,
    ...Object.values(functions).map((name) => `DROP FUNCTION IF EXISTS ${name}()`),
  ];
}

function sqlNames(names: SqlNames) {
  const inSchema = (name: string) => `${names.schema}.${quoteName(name)}`;
  const functionName = (suffix: string) => inSchema(`${names.users}_token_invalidation${suffix}`);
  return {
    users: inSchema(names.users),
    everyone: inSchema(names.everyone),
    id: quoteName(names.id),
    version: quoteName(names.tokenVersion),
    passwordChangedAt: quoteName(names.passwordChangedAt),
    logoutAllAt: quoteName(names.logoutAllAt),
    functions: {
      state: functionName('_state'),
      takeId: functionName('_take_id'),
      leaveId: functionName('_leave_id'),
      everyone: functionName('_everyone'),
    },
  };
}

/** Version and cutoffs of one user: they only grow, they move together, and a changed password moves them. */
function keepState(names: SqlNames): string[] {
  const { users, functions, version, passwordChangedAt, logoutAllAt } = sqlNames(names);
  const watched = [
    version,
    passwordChangedAt,
    logoutAllAt,
    ...(names.password ? [quoteName(names.password)] : []),
  ];
  return [
    stateFunction(names),
    // The check at boot reads the arguments: the column that is watched, and the version of this part.
    ...trigger(
      TRIGGER,
      users,
      `BEFORE UPDATE ON ${users} FOR EACH ROW
      WHEN (${differs(watched)})
      EXECUTE FUNCTION ${functions.state}(${quoteText(names.password ?? '')}, 'core=2')`,
    ),
  ];
}

function stateFunction(names: SqlNames): string {
  const { functions, version, passwordChangedAt, logoutAllAt } = sqlNames(names);
  return `CREATE OR REPLACE FUNCTION ${functions.state}() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS ${dollarQuote(`
    DECLARE
      -- Not now(), which is the start of the transaction and may be long past.
      instant CONSTANT timestamptz(3) := date_trunc('milliseconds', clock_timestamp());
    BEGIN
      -- Nothing moves back, is cleared, or lies ahead of this clock: no token could be newer than such a cutoff.
      NEW.${version} := greatest(OLD.${version}, NEW.${version});
      ${neverBack(passwordChangedAt)}
      ${neverBack(logoutAllAt)}
      ${names.password === null ? '' : passwordChange(names)}
      -- Tokens carry whole seconds, so within the cutoff's second only the version can decide.
      IF NEW.${version} = OLD.${version}
        AND (${differs([passwordChangedAt, logoutAllAt])})
      THEN
        NEW.${version} := OLD.${version} + 1;
      END IF;
      RETURN NEW;
    END `)}`;
}

function trigger(name: string, table: string, action: string): string[] {
  return [`DROP TRIGGER IF EXISTS ${name} ON ${table}`, `CREATE TRIGGER ${name} ${action}`];
}

/** An SQL condition: one of these columns has another value than before. */
function differs(columns: readonly string[]): string {
  return columns.map((name) => `OLD.${name} IS DISTINCT FROM NEW.${name}`).join(' OR ');
}

/** greatest() ignores NULL: that keeps a cutoff that is cleared, and lets the first one be set. */
function neverBack(cutoff: string): string {
  return `NEW.${cutoff} := greatest(OLD.${cutoff}, ${notAhead(cutoff)});`;
}

/** Not least(), which ignores NULL and would set a cutoff where there is none. */
function notAhead(cutoff: string): string {
  return `CASE WHEN NEW.${cutoff} > instant THEN instant ELSE NEW.${cutoff} END`;
}

/** A changed hash is a changed password, unless this very change was announced as a re-hash. */
function passwordChange(names: SqlNames): string {
  const { version, passwordChangedAt } = sqlNames(names);
  const password = quoteName(names.password!);
  const permit = rehashPermit(`OLD.${password}::text`, `NEW.${password}::text`);
  return `
      IF NEW.${password} IS DISTINCT FROM OLD.${password}
        AND current_setting('${REHASH_SETTING}', true) IS DISTINCT FROM ${permit}
      THEN
        NEW.${passwordChangedAt} := greatest(OLD.${passwordChangedAt}, instant);
        NEW.${version} := greatest(OLD.${version} + 1, NEW.${version});
      END IF;`;
}

/**
 * An id that is given to another user must not make the former user's tokens valid again: a row that takes an id starts
 * above every version that a row which left its id has had.
 *
 * SECURITY DEFINER, so that a role which may write users needs no right on the other table.
 */
function takeIds(names: SqlNames): string[] {
  const { users, everyone, functions, id, version, passwordChangedAt, logoutAllAt } =
    sqlNames(names);
  return [
    `CREATE OR REPLACE FUNCTION ${functions.takeId}() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS ${dollarQuote(`
    DECLARE
      instant CONSTANT timestamptz(3) := date_trunc('milliseconds', clock_timestamp());
    BEGIN
      IF TG_OP = 'INSERT' OR OLD.${id} IS DISTINCT FROM NEW.${id} THEN
        NEW.${version} := greatest(NEW.${version}, (SELECT retired_version FROM ${everyone}));
      END IF;
      IF TG_OP = 'INSERT' THEN
        NEW.${passwordChangedAt} := ${notAhead(passwordChangedAt)};
        NEW.${logoutAllAt} := ${notAhead(logoutAllAt)};
      END IF;
      RETURN NEW;
    END `)}`,
    ...trigger(
      `${TRIGGER}_take_id`,
      users,
      `BEFORE INSERT OR UPDATE OF ${id} ON ${users}
      FOR EACH ROW EXECUTE FUNCTION ${functions.takeId}()`,
    ),
  ];
}

/** The other half: the versions of the rows that leave their ids. */
function leaveIds(names: SqlNames): string[] {
  const { users, everyone, functions, id, version } = sqlNames(names);
  return [
    `CREATE OR REPLACE FUNCTION ${functions.leaveId}() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS ${dollarQuote(`
    DECLARE
      highest bigint;
    BEGIN
      IF TG_OP = 'TRUNCATE' THEN
        SELECT max(${version}) INTO highest FROM ${users};
      ELSIF TG_OP = 'DELETE' OR OLD.${id} IS DISTINCT FROM NEW.${id} THEN
        highest := OLD.${version};
      END IF;
      -- Few rows leave with a version that is a new height, so that few of them queue for this one.
      UPDATE ${everyone} SET retired_version = highest + 1 WHERE retired_version <= highest;
      RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END `)}`,
    ...trigger(
      `${TRIGGER}_leave_id`,
      users,
      `BEFORE DELETE OR UPDATE OF ${id} ON ${users}
      FOR EACH ROW EXECUTE FUNCTION ${functions.leaveId}()`,
    ),
    ...trigger(
      `${TRIGGER}_truncate`,
      users,
      `BEFORE TRUNCATE ON ${users} FOR EACH STATEMENT EXECUTE FUNCTION ${functions.leaveId}()`,
    ),
  ];
}

/** Version and cutoff of everyone: they only grow, a cutoff that moves raises the version, and the row stays. */
function keepEveryone(names: SqlNames): string[] {
  const { everyone, functions } = sqlNames(names);
  return [
    `CREATE OR REPLACE FUNCTION ${functions.everyone}() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS ${dollarQuote(`
    DECLARE
      instant CONSTANT timestamptz(3) := date_trunc('milliseconds', clock_timestamp());
    BEGIN
      IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'The row of % cannot be deleted: tokens that it invalidates would be valid again.', TG_TABLE_NAME;
      END IF;
      ${neverBack('everyone_logged_out_at')}
      NEW.everyone_version := greatest(OLD.everyone_version, NEW.everyone_version);
      IF NEW.everyone_version = OLD.everyone_version
        AND NEW.everyone_logged_out_at IS DISTINCT FROM OLD.everyone_logged_out_at
      THEN
        NEW.everyone_version := OLD.everyone_version + 1;
      END IF;
      NEW.retired_version := greatest(OLD.retired_version, NEW.retired_version);
      RETURN NEW;
    END `)}`,
    ...trigger(
      TRIGGER,
      everyone,
      `BEFORE UPDATE OR DELETE ON ${everyone}
      FOR EACH ROW EXECUTE FUNCTION ${functions.everyone}()`,
    ),
    // What 0.1.0 called the function.
    `DROP FUNCTION IF EXISTS ${names.schema}.${quoteName(`${names.users}_token_invalidation_global`)}()`,
  ];
}

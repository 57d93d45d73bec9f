import {
  dollarQuote,
  quoteName,
  quoteText,
  REHASH_SETTING,
  rehashPermit,
  TRIGGER,
} from '../sql.js';
import type { SqlNames } from './schema-version.js';

const SAFE_BITS = 52;

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
    `DROP TRIGGER IF EXISTS ${TRIGGER}_truncate ON ${everyone}`,
    // Partitions have triggers that go with the function.
    ...Object.values(functions).map((name) => `DROP FUNCTION IF EXISTS ${name}() CASCADE`),
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
      highest CONSTANT bigint := ${highestOf(`NEW.${version}`)};
    BEGIN
      -- Nothing moves back or is cleared.
      ${raisedAtMost(version, 'highest')}
      ${neverBack(passwordChangedAt)}
      ${neverBack(logoutAllAt)}
      ${names.password === null ? '' : passwordChange(names)}
      -- Tokens carry whole seconds, so within the cutoff's second only the version can decide.
      IF NEW.${version} = OLD.${version}
        AND (${differs([passwordChangedAt, logoutAllAt])})
      THEN
        NEW.${version} := OLD.${version} + 1;
      END IF;
      -- A cutoff ahead of this clock would lock the user out until then. The version refuses the tokens from before.
      IF NEW.${version} > OLD.${version} THEN
        NEW.${passwordChangedAt} := ${notAhead(passwordChangedAt)};
        NEW.${logoutAllAt} := ${notAhead(logoutAllAt)};
      END IF;
      RETURN NEW;
    END `)}`;
}

/** ALWAYS: also for what logical replication applies, and where `session_replication_role` is `replica`. */
function trigger(name: string, table: string, action: string): string[] {
  return [
    `DROP TRIGGER IF EXISTS ${name} ON ${table}`,
    `CREATE TRIGGER ${name} ${action}`,
    `ALTER TABLE ${table} ENABLE ALWAYS TRIGGER ${name}`,
  ];
}

/** An SQL condition: one of these columns has another value than before. */
function differs(columns: readonly string[]): string {
  return columns.map((name) => `OLD.${name} IS DISTINCT FROM NEW.${name}`).join(' OR ');
}

/**
 * How high SQL may set a version of this value's type: half of what the type holds, and no number that JavaScript cannot
 * tell from the next. Above it a version only rises by one, so that there is always room for invalidations.
 */
function highestOf(version: string): string {
  return `1::bigint << least(8 * pg_column_size(${version}) - 2, ${SAFE_BITS})`;
}

/** NULL is not above anything, and keeps the version. */
function raisedAtMost(version: string, highest: string): string {
  return `NEW.${version} := CASE WHEN NEW.${version} > OLD.${version} THEN least(NEW.${version}, greatest(OLD.${version}::bigint + 1, ${highest})) ELSE OLD.${version} END;`;
}

/** greatest() ignores NULL: that keeps a cutoff that is cleared, and lets the first one be set. */
function neverBack(cutoff: string): string {
  return `NEW.${cutoff} := greatest(OLD.${cutoff}, NEW.${cutoff});`;
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
        AND NOT (${appliedWhole([version, passwordChangedAt])})
      THEN
        NEW.${passwordChangedAt} := instant;
        NEW.${version} := greatest(OLD.${version} + 1, NEW.${version});
      END IF;`;
}

/** What another server did, with the version and the cutoff that it got there: tokens were issued by them. */
function appliedWhole(columns: readonly string[]): string {
  const moved = columns.map((name) => `NEW.${name} IS DISTINCT FROM OLD.${name}`);
  return ["current_setting('session_replication_role') = 'replica'", ...moved].join(' AND ');
}

/**
 * An id that is given to another user must not make the former user's tokens valid again: a row that takes an id starts
 * above every version that a row which left its id has had.
 *
 * Where the id is there, the INSERT fails or is an upsert: that gets the state of the row, so that it changes nothing.
 * The lock holds off a deletion, after which the id would come back at this state.
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
      present record;
    BEGIN
      IF TG_OP = 'INSERT' THEN
        SELECT * INTO present FROM ${users} WHERE ${id} = NEW.${id} LIMIT 1 FOR KEY SHARE;
        IF FOUND THEN
          NEW.${version} := present.${version};
          NEW.${passwordChangedAt} := present.${passwordChangedAt};
          NEW.${logoutAllAt} := present.${logoutAllAt};
          RETURN NEW;
        END IF;
        NEW.${version} := greatest(0, least(NEW.${version}, ${highestOf(`NEW.${version}`)}));
        NEW.${passwordChangedAt} := ${notAhead(passwordChangedAt)};
        NEW.${logoutAllAt} := ${notAhead(logoutAllAt)};
      END IF;
      IF TG_OP = 'INSERT' OR OLD.${id} IS DISTINCT FROM NEW.${id} THEN
        NEW.${version} := greatest(NEW.${version}, (SELECT retired_version FROM ${everyone}));
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

/**
 * The other half: the versions of the rows that leave their ids. TRUNCATE of a partition fires its own triggers alone.
 *
 * With `row_security` off, a policy that would hide rows from `max()` makes the TRUNCATE fail.
 */
function leaveIds(names: SqlNames): string[] {
  const { users, everyone, functions, id, version } = sqlNames(names);
  return [
    `CREATE OR REPLACE FUNCTION ${functions.leaveId}() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET row_security = off AS ${dollarQuote(`
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
    truncateOfPartitions(names),
  ];
}

function truncateOfPartitions(names: SqlNames): string {
  const { users, functions } = sqlNames(names);
  const name = `${TRIGGER}_truncate`;
  return `DO ${dollarQuote(`
    DECLARE
      part regclass;
    BEGIN
      FOR part IN SELECT relid FROM pg_partition_tree($users$${users}$users$) WHERE level > 0 LOOP
        EXECUTE format('DROP TRIGGER IF EXISTS ${name} ON %s', part);
        EXECUTE format($make$CREATE TRIGGER ${name} BEFORE TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION ${functions.leaveId}()$make$, part);
        EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER ${name}', part);
      END LOOP;
    END `)}`;
}

/**
 * Version and cutoff of everyone: they only grow, a cutoff that moves raises the version, and the row stays. A row that is
 * inserted next to it, as by the restoration of a backup's data, is merged into it.
 */
function keepEveryone(names: SqlNames): string[] {
  const { everyone, functions } = sqlNames(names);
  return [
    everyoneFunction(names),
    ...trigger(
      TRIGGER,
      everyone,
      `BEFORE INSERT OR UPDATE OR DELETE ON ${everyone}
      FOR EACH ROW EXECUTE FUNCTION ${functions.everyone}()`,
    ),
    ...trigger(
      `${TRIGGER}_truncate`,
      everyone,
      `BEFORE TRUNCATE ON ${everyone} FOR EACH STATEMENT EXECUTE FUNCTION ${functions.everyone}()`,
    ),
    `DROP FUNCTION IF EXISTS ${names.schema}.${quoteName(`${names.users}_token_invalidation_global`)}()`,
  ];
}

function everyoneFunction(names: SqlNames): string {
  const { users, everyone, functions, version } = sqlNames(names);
  const cutoff = 'everyone_logged_out_at';
  const merged = [cutoff, 'everyone_version', 'retired_version']
    .map((name) => `${name} = greatest(e.${name}, NEW.${name})`)
    .join(', ');
  return `CREATE OR REPLACE FUNCTION ${functions.everyone}() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS ${dollarQuote(`
    DECLARE
      instant CONSTANT timestamptz(3) := date_trunc('milliseconds', clock_timestamp());
      of_user CONSTANT ${users}.${version}%TYPE := 0;
      safe CONSTANT bigint := 1::bigint << ${SAFE_BITS};
    BEGIN
      IF TG_OP = 'DELETE' OR TG_OP = 'TRUNCATE' THEN
        RAISE EXCEPTION 'The row of % cannot be deleted: tokens that it invalidates would be valid again.', TG_TABLE_NAME;
      END IF;
      IF TG_OP = 'INSERT' THEN
        UPDATE ${everyone} AS e SET ${merged};
        IF FOUND THEN
          RETURN NULL;
        END IF;
        NEW.${cutoff} := ${notAhead(cutoff)};
        NEW.everyone_version := least(NEW.everyone_version, safe);
        NEW.retired_version := least(NEW.retired_version, ${highestOf('of_user')});
        RETURN NEW;
      END IF;
      ${neverBack(cutoff)}
      ${raisedAtMost('everyone_version', 'safe')}
      ${raisedAtMost('retired_version', highestOf('of_user'))}
      IF NEW.everyone_version = OLD.everyone_version
        AND NEW.${cutoff} IS DISTINCT FROM OLD.${cutoff}
      THEN
        NEW.everyone_version := OLD.everyone_version + 1;
      END IF;
      IF NEW.everyone_version > OLD.everyone_version THEN
        NEW.${cutoff} := ${notAhead(cutoff)};
      END IF;
      RETURN NEW;
    END `)}`;
}

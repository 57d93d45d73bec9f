import { quoteName, quoteTable, quoteText, REHASH_SETTING, rehashPermit, TRIGGER } from './sql.js';

/** The names that the SQL works with: unquoted, completed. */
export interface MigrationNames {
  readonly schema: string;
  readonly users: string;
  readonly global: string;
  readonly id: string;
  readonly password: string | null;
  readonly version: string;
  readonly passwordChangedAt: string;
  readonly logoutAllAt: string;
}

/**
 * What holds for every writer: TypeORM's `save()` of a stale record, `update()`, raw SQL, psql.
 *
 * Each function is pinned to pg_catalog, so that nobody can slip another `greatest` or `format` under it.
 */
export function createTriggers(names: MigrationNames): string[] {
  return [...keepState(names), ...keepIdsApart(names), ...keepGlobalCutoff(names)];
}

export function dropTriggers(names: MigrationNames): string[] {
  const { users, global, functions } = sqlNames(names);
  return [
    `DROP TRIGGER ${TRIGGER} ON ${users}`,
    `DROP TRIGGER ${TRIGGER}_take_id ON ${users}`,
    `DROP TRIGGER ${TRIGGER}_leave_id ON ${users}`,
    `DROP TRIGGER ${TRIGGER}_truncate ON ${users}`,
    `DROP TRIGGER ${TRIGGER} ON ${global}`,
    ...Object.values(functions).map((name) => `DROP FUNCTION ${name}()`),
  ];
}

function sqlNames(names: MigrationNames) {
  const functionName = (suffix: string) =>
    quoteTable(names.schema, `${names.users}_token_invalidation${suffix}`);
  return {
    users: quoteTable(names.schema, names.users),
    global: quoteTable(names.schema, names.global),
    functions: {
      state: functionName('_state'),
      takeId: functionName('_take_id'),
      leaveId: functionName('_leave_id'),
      global: functionName('_global'),
    },
  };
}

/** Version and cutoffs of one user: they only grow, they move together, and a changed password moves them. */
function keepState(names: MigrationNames): string[] {
  const { users, functions } = sqlNames(names);
  const version = quoteName(names.version);
  const passwordChangedAt = quoteName(names.passwordChangedAt);
  const logoutAllAt = quoteName(names.logoutAllAt);
  const cutoffs = [passwordChangedAt, logoutAllAt];
  const watched = [version, ...cutoffs, ...(names.password ? [quoteName(names.password)] : [])];
  return [
    `CREATE FUNCTION ${functions.state}() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $body$
    DECLARE
      -- Not now(), which is the start of the transaction and may be long past.
      instant CONSTANT timestamptz(3) := date_trunc('milliseconds', clock_timestamp());
    BEGIN
      -- Nothing moves back, is cleared, or lies ahead of this clock: a token issued after it could not be told apart.
      NEW.${version} := greatest(OLD.${version}, NEW.${version});
      ${neverBack(passwordChangedAt)}
      ${neverBack(logoutAllAt)}
      ${names.password === null ? '' : passwordChange(names)}
      -- A cutoff has whole seconds to offer, the version decides within them.
      IF NEW.${version} = OLD.${version}
        AND (${differs(cutoffs)})
      THEN
        NEW.${version} := OLD.${version} + 1;
      END IF;
      RETURN NEW;
    END $body$`,
    // The arguments are for whoever looks at the trigger, the module's check at boot among them.
    `CREATE TRIGGER ${TRIGGER} BEFORE UPDATE ON ${users} FOR EACH ROW
      WHEN (${differs(watched)})
      EXECUTE FUNCTION ${functions.state}(${quoteText(names.password ?? '')})`,
  ];
}

/** An SQL condition: one of these columns has another value than before. */
function differs(columns: readonly string[]): string {
  return columns.map((name) => `OLD.${name} IS DISTINCT FROM NEW.${name}`).join(' OR ');
}

/** greatest() passes over NULL: that keeps a cutoff that is cleared, and lets the first one be set. */
function neverBack(cutoff: string): string {
  return `NEW.${cutoff} := greatest(OLD.${cutoff}, ${notAhead(cutoff)});`;
}

/** Not least(), which passes over NULL and would set a cutoff that is none. */
function notAhead(cutoff: string): string {
  return `CASE WHEN NEW.${cutoff} > instant THEN instant ELSE NEW.${cutoff} END`;
}

/** A changed hash is a changed password, unless this very change was announced as a re-hash. */
function passwordChange(names: MigrationNames): string {
  const password = quoteName(names.password!);
  const version = quoteName(names.version);
  const changedAt = quoteName(names.passwordChangedAt);
  const permit = rehashPermit(`OLD.${password}::text`, `NEW.${password}::text`);
  return `
      IF NEW.${password} IS DISTINCT FROM OLD.${password}
        AND current_setting('${REHASH_SETTING}', true) IS DISTINCT FROM ${permit}
      THEN
        NEW.${changedAt} := greatest(OLD.${changedAt}, instant);
        NEW.${version} := greatest(OLD.${version} + 1, NEW.${version});
      END IF;`;
}

/**
 * An id that is given to another user must not bring the old one's tokens back to life: a row that takes an id starts
 * above every version that a row which left its id has had.
 *
 * SECURITY DEFINER, so that whoever may write users needs no right on the other table.
 */
function keepIdsApart(names: MigrationNames): string[] {
  const { users, global, functions } = sqlNames(names);
  const id = quoteName(names.id);
  const version = quoteName(names.version);
  const passwordChangedAt = quoteName(names.passwordChangedAt);
  const logoutAllAt = quoteName(names.logoutAllAt);
  return [
    `CREATE FUNCTION ${functions.takeId}() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
    DECLARE
      instant CONSTANT timestamptz(3) := date_trunc('milliseconds', clock_timestamp());
    BEGIN
      IF TG_OP = 'INSERT' OR OLD.${id} IS DISTINCT FROM NEW.${id} THEN
        NEW.${version} := greatest(NEW.${version}, (SELECT retired_version FROM ${global}));
      END IF;
      IF TG_OP = 'INSERT' THEN
        NEW.${passwordChangedAt} := ${notAhead(passwordChangedAt)};
        NEW.${logoutAllAt} := ${notAhead(logoutAllAt)};
      END IF;
      RETURN NEW;
    END $body$`,
    `CREATE TRIGGER ${TRIGGER}_take_id BEFORE INSERT OR UPDATE OF ${id} ON ${users}
      FOR EACH ROW EXECUTE FUNCTION ${functions.takeId}()`,
    `CREATE FUNCTION ${functions.leaveId}() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
    DECLARE
      highest bigint;
    BEGIN
      IF TG_OP = 'TRUNCATE' THEN
        SELECT max(${version}) INTO highest FROM ${users};
      ELSIF TG_OP = 'DELETE' OR OLD.${id} IS DISTINCT FROM NEW.${id} THEN
        highest := OLD.${version};
      END IF;
      -- Few rows leave with a version that is a new height, so that few of them queue for this one.
      UPDATE ${global} SET retired_version = highest + 1 WHERE retired_version <= highest;
      RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END $body$`,
    `CREATE TRIGGER ${TRIGGER}_leave_id BEFORE DELETE OR UPDATE OF ${id} ON ${users}
      FOR EACH ROW EXECUTE FUNCTION ${functions.leaveId}()`,
    `CREATE TRIGGER ${TRIGGER}_truncate BEFORE TRUNCATE ON ${users}
      FOR EACH STATEMENT EXECUTE FUNCTION ${functions.leaveId}()`,
  ];
}

/** The global cutoff never moves back, is cleared or deleted. */
function keepGlobalCutoff(names: MigrationNames): string[] {
  const { global, functions } = sqlNames(names);
  return [
    `CREATE FUNCTION ${functions.global}() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $body$
    DECLARE
      instant CONSTANT timestamptz(3) := date_trunc('milliseconds', clock_timestamp());
    BEGIN
      IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'The row of % stays: without it, tokens that were logged out would live again.', TG_TABLE_NAME;
      END IF;
      ${neverBack('everyone_logged_out_at')}
      NEW.retired_version := greatest(OLD.retired_version, NEW.retired_version);
      RETURN NEW;
    END $body$`,
    `CREATE TRIGGER ${TRIGGER} BEFORE UPDATE OR DELETE ON ${global}
      FOR EACH ROW EXECUTE FUNCTION ${functions.global}()`,
  ];
}

import { dollarQuote, TRIGGER } from '../sql.js';
import { highestOf, notAhead, sqlNames, trigger } from './core-2-sql.js';
import type { SqlNames } from './schema-version.js';

/**
 * An id that is given to another user must not make the former user's tokens valid again: a row that takes an id starts
 * above every version that a row which left its id has had.
 *
 * Where the id is there, the INSERT fails or is an upsert: that gets the state of the row, so that it changes nothing.
 * The lock holds off a deletion, after which the id would come back at this state.
 *
 * SECURITY DEFINER, so that a role which may write users needs no right on the other table.
 */
export function takeIds(names: SqlNames): string[] {
  const { users, functions, id } = sqlNames(names);
  return [
    takeIdFunction(names),
    ...trigger(
      `${TRIGGER}_take_id`,
      users,
      `BEFORE INSERT OR UPDATE OF ${id} ON ${users}
      FOR EACH ROW EXECUTE FUNCTION ${functions.takeId}()`,
    ),
  ];
}

function takeIdFunction(names: SqlNames): string {
  const { users, everyone, functions, id, version, passwordChangedAt, logoutAllAt } =
    sqlNames(names);
  return `CREATE OR REPLACE FUNCTION ${functions.takeId}() RETURNS trigger
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
    END `)}`;
}

/**
 * The other half: the versions of the rows that leave their ids. TRUNCATE of a partition fires its own triggers alone.
 *
 * With `row_security` off, a policy that would hide rows from `max()` makes the TRUNCATE fail.
 */
export function leaveIds(names: SqlNames): string[] {
  const { users, functions, id } = sqlNames(names);
  return [
    leaveIdFunction(names),
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

function leaveIdFunction(names: SqlNames): string {
  const { users, everyone, functions, id, version } = sqlNames(names);
  return `CREATE OR REPLACE FUNCTION ${functions.leaveId}() RETURNS trigger
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
    END `)}`;
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

import { dollarQuote, quoteName, TRIGGER } from '../sql.js';
import {
  highestOf,
  neverBack,
  notAhead,
  raisedAtMost,
  SAFE_BITS,
  sqlNames,
  trigger,
} from './core-2-sql.js';
import type { SqlNames } from './schema-version.js';

const CUTOFF = 'everyone_logged_out_at';

/**
 * Version and cutoff of everyone: they only grow, a cutoff that moves raises the version, and the row stays. A row that is
 * inserted next to it, as by the restoration of a backup's data, is merged into it.
 */
export function keepEveryone(names: SqlNames): string[] {
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
      ${mergeInserted(everyone)}
      ${neverBack(CUTOFF)}
      ${raisedAtMost('everyone_version', 'safe')}
      ${raisedAtMost('retired_version', highestOf('of_user'))}
      IF NEW.everyone_version = OLD.everyone_version
        AND NEW.${CUTOFF} IS DISTINCT FROM OLD.${CUTOFF}
      THEN
        NEW.everyone_version := OLD.everyone_version + 1;
      END IF;
      IF NEW.everyone_version > OLD.everyone_version THEN
        NEW.${CUTOFF} := ${notAhead(CUTOFF)};
      END IF;
      RETURN NEW;
    END `)}`;
}

/** There is one row: another one is merged into it by maximum. */
function mergeInserted(everyone: string): string {
  const merged = [CUTOFF, 'everyone_version', 'retired_version']
    .map((name) => `${name} = greatest(e.${name}, NEW.${name})`)
    .join(', ');
  return `IF TG_OP = 'INSERT' THEN
        UPDATE ${everyone} AS e SET ${merged};
        IF FOUND THEN
          RETURN NULL;
        END IF;
        NEW.${CUTOFF} := ${notAhead(CUTOFF)};
        NEW.everyone_version := least(NEW.everyone_version, safe);
        NEW.retired_version := least(NEW.retired_version, ${highestOf('of_user')});
        RETURN NEW;
      END IF;`;
}

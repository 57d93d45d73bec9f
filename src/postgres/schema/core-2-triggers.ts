import {
  dollarQuote,
  quoteName,
  quoteText,
  REHASH_SETTING,
  rehashPermit,
  TRIGGER,
} from '../sql.js';
import { keepEveryone } from './core-2-everyone.js';
import { leaveIds, takeIds } from './core-2-ids.js';
import { highestOf, neverBack, notAhead, raisedAtMost, sqlNames, trigger } from './core-2-sql.js';
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
    `DROP TRIGGER IF EXISTS ${TRIGGER}_truncate ON ${everyone}`,
    // Partitions have triggers that go with the function.
    ...Object.values(functions).map((name) => `DROP FUNCTION IF EXISTS ${name}() CASCADE`),
  ];
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

/** An SQL condition: one of these columns has another value than before. */
function differs(columns: readonly string[]): string {
  return columns.map((name) => `OLD.${name} IS DISTINCT FROM NEW.${name}`).join(' OR ');
}

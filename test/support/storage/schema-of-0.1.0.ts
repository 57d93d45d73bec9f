/** What the migration of 0.1.0 did to a table `users` with a column `password`. */
export const SCHEMA_OF_0_1_0: readonly string[] = [
  `ALTER TABLE users
      ADD COLUMN token_version integer NOT NULL DEFAULT 0,
      ADD COLUMN password_changed_at timestamptz(3),
      ADD COLUMN logout_all_at timestamptz(3)`,
  `CREATE TABLE users_token_invalidation (
      singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
      everyone_logged_out_at timestamptz(3),
      retired_version bigint NOT NULL DEFAULT 0
    )`,
  `INSERT INTO users_token_invalidation DEFAULT VALUES`,
  `CREATE FUNCTION "public"."users_token_invalidation_state"() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $body$
    DECLARE
      -- Not now(), which is the start of the transaction and may be long past.
      instant CONSTANT timestamptz(3) := date_trunc('milliseconds', clock_timestamp());
    BEGIN
      -- Nothing moves back, is cleared, or lies ahead of this clock: a token issued after it could not be told apart.
      NEW."token_version" := greatest(OLD."token_version", NEW."token_version");
      NEW."password_changed_at" := greatest(OLD."password_changed_at", CASE WHEN NEW."password_changed_at" > instant THEN instant ELSE NEW."password_changed_at" END);
      NEW."logout_all_at" := greatest(OLD."logout_all_at", CASE WHEN NEW."logout_all_at" > instant THEN instant ELSE NEW."logout_all_at" END);
      
      IF NEW."password" IS DISTINCT FROM OLD."password"
        AND current_setting('token_invalidation.rehash', true) IS DISTINCT FROM pg_catalog.format('%L %L', OLD."password"::text, NEW."password"::text)
      THEN
        NEW."password_changed_at" := greatest(OLD."password_changed_at", instant);
        NEW."token_version" := greatest(OLD."token_version" + 1, NEW."token_version");
      END IF;
      -- A cutoff has whole seconds to offer, the version decides within them.
      IF NEW."token_version" = OLD."token_version"
        AND (OLD."password_changed_at" IS DISTINCT FROM NEW."password_changed_at" OR OLD."logout_all_at" IS DISTINCT FROM NEW."logout_all_at")
      THEN
        NEW."token_version" := OLD."token_version" + 1;
      END IF;
      RETURN NEW;
    END $body$`,
  `CREATE TRIGGER zz_token_invalidation BEFORE UPDATE ON "public"."users" FOR EACH ROW
      WHEN (OLD."token_version" IS DISTINCT FROM NEW."token_version" OR OLD."password_changed_at" IS DISTINCT FROM NEW."password_changed_at" OR OLD."logout_all_at" IS DISTINCT FROM NEW."logout_all_at" OR OLD."password" IS DISTINCT FROM NEW."password")
      EXECUTE FUNCTION "public"."users_token_invalidation_state"('password')`,
  `CREATE FUNCTION "public"."users_token_invalidation_take_id"() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
    DECLARE
      instant CONSTANT timestamptz(3) := date_trunc('milliseconds', clock_timestamp());
    BEGIN
      IF TG_OP = 'INSERT' OR OLD."id" IS DISTINCT FROM NEW."id" THEN
        NEW."token_version" := greatest(NEW."token_version", (SELECT retired_version FROM "public"."users_token_invalidation"));
      END IF;
      IF TG_OP = 'INSERT' THEN
        NEW."password_changed_at" := CASE WHEN NEW."password_changed_at" > instant THEN instant ELSE NEW."password_changed_at" END;
        NEW."logout_all_at" := CASE WHEN NEW."logout_all_at" > instant THEN instant ELSE NEW."logout_all_at" END;
      END IF;
      RETURN NEW;
    END $body$`,
  `CREATE TRIGGER zz_token_invalidation_take_id BEFORE INSERT OR UPDATE OF "id" ON "public"."users"
      FOR EACH ROW EXECUTE FUNCTION "public"."users_token_invalidation_take_id"()`,
  `CREATE FUNCTION "public"."users_token_invalidation_leave_id"() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
    DECLARE
      highest bigint;
    BEGIN
      IF TG_OP = 'TRUNCATE' THEN
        SELECT max("token_version") INTO highest FROM "public"."users";
      ELSIF TG_OP = 'DELETE' OR OLD."id" IS DISTINCT FROM NEW."id" THEN
        highest := OLD."token_version";
      END IF;
      -- Few rows leave with a version that is a new height, so that few of them queue for this one.
      UPDATE "public"."users_token_invalidation" SET retired_version = highest + 1 WHERE retired_version <= highest;
      RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END $body$`,
  `CREATE TRIGGER zz_token_invalidation_leave_id BEFORE DELETE OR UPDATE OF "id" ON "public"."users"
      FOR EACH ROW EXECUTE FUNCTION "public"."users_token_invalidation_leave_id"()`,
  `CREATE TRIGGER zz_token_invalidation_truncate BEFORE TRUNCATE ON "public"."users"
      FOR EACH STATEMENT EXECUTE FUNCTION "public"."users_token_invalidation_leave_id"()`,
  `CREATE FUNCTION "public"."users_token_invalidation_global"() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $body$
    DECLARE
      instant CONSTANT timestamptz(3) := date_trunc('milliseconds', clock_timestamp());
    BEGIN
      IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'The row of % stays: without it, tokens that were logged out would live again.', TG_TABLE_NAME;
      END IF;
      NEW.everyone_logged_out_at := greatest(OLD.everyone_logged_out_at, CASE WHEN NEW.everyone_logged_out_at > instant THEN instant ELSE NEW.everyone_logged_out_at END);
      NEW.retired_version := greatest(OLD.retired_version, NEW.retired_version);
      RETURN NEW;
    END $body$`,
  `CREATE TRIGGER zz_token_invalidation BEFORE UPDATE OR DELETE ON "public"."users_token_invalidation"
      FOR EACH ROW EXECUTE FUNCTION "public"."users_token_invalidation_global"()`,
];

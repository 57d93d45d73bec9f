/** What `--help` prints. */
export const USAGE = `Usage: npx nestjs-token-invalidation generate sql|typeorm|prisma|drizzle --table users --password password_hash

  sql       the SQL of the migration, for the migrations of Prisma, of Drizzle and of any other tool
  typeorm   a migration class for TypeORM
  prisma    what schema.prisma needs, so that Prisma knows every column and table
  drizzle   what the schema of Drizzle needs: drizzle-kit push drops what it does not know

Names as they are in the database:
  --table                 the users table, with its schema where it isn't on the search_path: auth.users
  --password              the column that holds the password hash
  --no-password           there is none, because passwords are elsewhere
  --id                    the primary key (default: id)
  --token-version         default: token_version
  --password-changed-at   default: password_changed_at
  --logout-all-at         default: logout_all_at
  --everyone-table        default: the users table's name with _token_invalidation

  --sessions              with the table of the sessions
  --revoked-tokens        with the table of single tokens that were revoked
  --has-core              an earlier migration brought the rest: only what these two add
  --id-type               for prisma and drizzle, with --sessions: uuid, integer, bigint or text (default: uuid)

  --down                  with sql: the way back`;

/** Where the token state is kept: names as they are in the database, not quoted. */
export interface UserColumns {
  /** Absent: the connection's `search_path` decides. */
  readonly schema?: string | undefined;
  readonly table: string;
  readonly id: string;
  /** SQL type of the id: one of `SUBJECT_TYPES`. */
  readonly idType: string;
  readonly tokenVersion: string;
  readonly passwordChangedAt: string;
  readonly logoutAllAt: string;
  /** Holds the password hash. Absent: passwords are not in this table. */
  readonly password?: string | undefined;
  /** Not NULL for a soft-deleted user. Absent: users are not soft-deleted. */
  readonly deletedAt?: string | undefined;
}

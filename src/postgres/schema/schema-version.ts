/** Names for SQL, not quoted, apart from the schema's, which is ready for use. */
export interface SqlNames {
  readonly schema: string;
  readonly users: string;
  readonly everyone: string;
  readonly id: string;
  readonly password: string | null;
  readonly tokenVersion: string;
  readonly passwordChangedAt: string;
  readonly logoutAllAt: string;
}

/** What one version of a part adds to the version before, and how it is taken away. Once published it never changes. */
export interface SchemaVersion {
  /** Repeatable: what is there already is no error, and is brought to this version. */
  up(names: SqlNames): string[];
  /** Takes away what `up` made; what is not there is no error. */
  down(names: SqlNames): string[];
}

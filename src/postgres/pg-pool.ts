/** As much of pg's pool as is used. pg's own types stay out, because the application may not have them. */
export interface PgPool {
  readonly options: PgPoolOptions;
  /** Of the class that makes connections; with pg-pool it may be given to the constructor alone. */
  readonly Client?: unknown;
  readonly totalCount: number;
  connect(callback: (error: Error | undefined, client: PgClient | undefined) => void): void;
  end(): Promise<void>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  listeners(event: 'connect'): readonly unknown[];
}

export interface PgPoolOptions {
  readonly password?: unknown;
  /** Read again each time that the pool decides whether to open another connection. */
  max?: number;
  /** Read again for each connection that is opened. */
  statement_timeout?: unknown;
  readonly verify?: VerifyClient;
  readonly [name: string]: unknown;
}

/** Is called with each new connection before anyone gets it; an error closes it. */
export type VerifyClient = (client: PgClient, done: (error?: unknown) => void) => unknown;

export interface PgQuery {
  readonly name: string | undefined;
  readonly text: string;
  readonly rowMode: 'array';
  readonly query_timeout: number;
  /** In place of the client's parsers. */
  types?: TypeParsers;
}

export interface PgClient {
  readonly processID?: number | null;
  readonly secretKey?: number | null;
  query(query: PgQuery, values: readonly unknown[]): Promise<{ rows: unknown[][] }>;
  /** With `true`: closes the connection instead of giving it to the next one. */
  release(broken: boolean): void;
  /** Closes the connection. Its pool calls it for one that is released as broken. */
  end(done?: () => void): unknown;
  /** Lets the process end while the connection is open. */
  unref?(): void;
  /** `I`: outside of any transaction. Older versions of pg do not know. */
  getTransactionStatus?(): string | null;
  on(event: 'error', listener: () => void): unknown;
  once(event: 'drain' | 'end', listener: () => void): unknown;
  off(event: 'end', listener: () => void): unknown;
}

/** A statement with its values. */
export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
  /** Prepares the statement under this name, once for each connection. */
  readonly name?: string | undefined;
  /** Parses the values of the rows. Left out: as the pool does. */
  readonly types?: TypeParsers | undefined;
}

/** What makes values of the text that PostgreSQL sends, by the type. */
export interface TypeParsers {
  getTypeParser(oid: number, format?: 'text'): (text: string) => unknown;
}

/** Runs a statement. Rows come as arrays of values. */
export type RunStatement = (statement: Statement) => Promise<unknown[][]>;

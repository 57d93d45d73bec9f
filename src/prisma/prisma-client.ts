/** Where a client keeps what Prisma's schema says. Not documented: the names of columns are nowhere else at run time. */
export const RUNTIME_MODELS = '_runtimeDataModel';

/** As much of a generated Prisma client as is used. Its own types are generated in the application. */
export interface PrismaClientLike {
  readonly [RUNTIME_MODELS]?: { readonly models: Readonly<Record<string, RuntimeModel>> };
  /** Of the extension for read replicas: the client that never reads from one. */
  $primary?(): PrismaClientLike;
}

export interface RuntimeModel {
  /** The table's name, where `@@map` gave it one. */
  readonly dbName: string | null;
  /** `@@schema`. */
  readonly schema?: string | null;
  readonly fields: readonly RuntimeField[];
}

export interface RuntimeField {
  readonly name: string;
  /** `scalar`, `object` for a relation, … */
  readonly kind: string;
  /** `String`, `Int`, `BigInt`, … */
  readonly type: string;
  /** The column's name, where `@map` gave it one. */
  readonly dbName?: string;
}

/** A record of a model, as `findMany()` gives it. */
export type PrismaRecord = Record<string, unknown>;

/** The property of a client that finds the records of a model. */
export interface ModelDelegate {
  findMany(query: {
    readonly where: object;
    readonly omit?: Readonly<Record<string, true>>;
  }): PromiseLike<PrismaRecord[]>;
}

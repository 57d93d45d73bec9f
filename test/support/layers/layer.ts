import type { TokenStateStoreDefinition } from 'nestjs-token-invalidation';

/** A user of the reference migrations, as every layer's record has it. */
export interface LayerUser {
  readonly id: string;
  readonly email: string;
  readonly role: string;
}

/** What a test does with the users by the means of one data layer, as an application would. */
export interface LayerUsers {
  /** The store over these users. */
  readonly store: TokenStateStoreDefinition;
  /** What is often given by mistake in place of a transaction. */
  readonly notTransaction: unknown;
  /** Inserts a user, and loads the record. */
  create(user: { id?: string; email: string; passwordHash: string }): Promise<LayerUser>;
  load(id: string): Promise<LayerUser>;
  find(email: string): Promise<LayerUser | undefined>;
  /** Writes a whole record back, with another role. */
  save(stale: LayerUser, role: string): Promise<unknown>;
  changeHash(id: string, passwordHash: string): Promise<unknown>;
  remove(id: string): Promise<unknown>;
  /** Commits when `work` resolves, and rolls back when it rejects. */
  transaction(work: (transaction: unknown) => Promise<void>): Promise<unknown>;
  close(): Promise<void>;
}

/** A data layer, and how an application opens it. */
export interface Layer {
  readonly name: string;
  /** @param replicaUrl - a database that the layer reads from wherever it may */
  open(url: string, replicaUrl?: string): Promise<LayerUsers>;
  /** Whether it has a notion of replicas. */
  readonly replicates: boolean;
}

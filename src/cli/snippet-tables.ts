/** Types of an id that the snippets know. */
export const ID_TYPES = ['uuid', 'integer', 'bigint', 'text'] as const;

export type IdType = (typeof ID_TYPES)[number];

/** Which tables a snippet declares besides that of everyone. */
export interface SnippetTables {
  readonly sessions: boolean;
  readonly revokedTokens: boolean;
  /** Of the users' id, which each session has. */
  readonly idType: IdType;
}

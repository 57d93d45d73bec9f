/** What the audit does at boot about what it finds. */
export const AUDIT_MODES = ['off', 'warn', 'enforce'] as const;

/** What the audit does at boot about open handlers that nobody marked: nothing, a line in the log, or no start. */
export type AuditMode = (typeof AUDIT_MODES)[number];

/** Injection token of what the audit takes from the module's options. */
export const AUDIT_SETTINGS = Symbol('nestjs-token-invalidation: audit settings');

export interface AuditSettings {
  readonly mode: AuditMode;
  /** Metadata of the application's that opens a route when it is true. */
  readonly publicMetadataKey?: string | undefined;
  /** Whether tokens are found in RPC messages without headers. */
  readonly findsMessageTokens: boolean;
}

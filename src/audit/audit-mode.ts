/** What the audit does at boot about what it finds. */
export const AUDIT_MODES = ['off', 'warn', 'enforce'] as const;

export type AuditMode = (typeof AUDIT_MODES)[number];

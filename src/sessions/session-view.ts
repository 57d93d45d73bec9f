/** A session as the application gets it. Contains nothing that could be used as a credential. */
export interface SessionView {
  /** The claim `sid`. */
  readonly id: string;
  /** The user's id. */
  readonly subject: string;
  readonly label: string | null;
  /** Whether the login outlives the browser ("remember me"). */
  readonly persistent: boolean;
  readonly startedAt: Date;
  /** When the user entered credentials. */
  readonly authTime: Date;
  /** Its absolute end. */
  readonly expiresAt: Date;
}

export function viewOf(session: SessionView): SessionView {
  const { id, subject, label, persistent, startedAt, authTime, expiresAt } = session;
  return { id, subject, label, persistent, startedAt, authTime, expiresAt };
}

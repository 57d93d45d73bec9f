import type { TokenState } from '../rule/token-state.js';
import type { IsActive } from '../tokens/judge.js';
import type { SignedContent, TokenSigner } from '../tokens/token-signer.js';
import type { RefreshKey } from './refresh-keys.js';
import type { RefreshToken } from './refresh-token.js';
import type { SessionSettings } from './session-settings.js';
import { type SessionView, viewOf } from './session-view.js';

/** What a device gets: at a login, at a refresh, or when it stays logged in under a new session. */
export interface SessionTokens {
  readonly accepted: true;
  readonly accessToken: string;
  /** To be stored in place of the one before it. Absent: the client keeps the one that it sent. */
  readonly refreshToken?: string;
  /** How long the access token lives. */
  readonly expiresInSeconds: number;
  readonly session: SessionView;
}

/** The session as its tokens carry it. */
export interface SignedSession extends SessionView {
  readonly userVersion: number;
  readonly everyoneVersion: number;
  readonly generation: number;
}

/** Whom the tokens are for. */
export interface TokenHolder<User> {
  readonly user: User;
  /** A new token must not look older than the cutoffs that it follows. */
  readonly cutoffs: readonly (Date | null)[];
}

export function cutoffsOf({ passwordChangedAt, logoutAllAt }: TokenState): (Date | null)[] {
  return [passwordChangedAt, logoutAllAt];
}

/** Makes the tokens of a session. */
export class SessionTokenWriter<User> {
  constructor(
    private readonly signer: TokenSigner,
    private readonly refreshKey: RefreshKey,
    private readonly settings: SessionSettings & { readonly isActive: IsActive<User> },
  ) {}

  /** Whether the user may use the application now. Anything but true, or a promise of it, is no. */
  async isActive(session: SignedSession, holder: TokenHolder<User>): Promise<boolean> {
    const claims = { ...this.contentOf(session, holder) };
    const answer: unknown = await this.settings.isActive(holder.user, claims);
    return answer === true;
  }

  /** @param refreshToken - of any generation of the session, for an answer with that of the current one */
  async write(
    session: SignedSession,
    holder: TokenHolder<User>,
    refreshToken: RefreshToken | undefined,
  ): Promise<SessionTokens> {
    const view = viewOf(session);
    const claims = await this.settings.claims?.(holder.user, view);
    const content = this.contentOf(session, holder);
    const text = refreshToken?.textOf(session.generation, this.refreshKey);
    return {
      accepted: true,
      accessToken: this.signer.sign(content, claims),
      ...(text !== undefined && { refreshToken: text }),
      expiresInSeconds: Math.max(0, content.exp - content.iat),
      session: view,
    };
  }

  /** The versions and the login time are those of the session: a refresh makes no token newer than its login. */
  private contentOf(
    session: SignedSession,
    { cutoffs }: TokenHolder<User>,
  ): SignedContent & { readonly auth_time: number } {
    const iat = this.signer.issuedAt(...cutoffs);
    const end = Math.floor(Number(session.expiresAt) / 1000);
    return {
      sub: session.subject,
      ver: session.userVersion,
      iat,
      exp: Math.min(iat + this.settings.expiresInSeconds, end),
      auth_time: Math.floor(Number(session.authTime) / 1000),
      sid: session.id,
      gen: session.generation,
      everyone_ver: session.everyoneVersion,
    };
  }
}

export type Platform = 'express' | 'fastify';

export const PLATFORMS: readonly Platform[] = ['express', 'fastify'];

/** A header that says who is calling. */
export interface Credential {
  readonly name: 'authorization' | 'cookie';
  readonly value: string;
}

export interface VariantContext {
  readonly platform: Platform;
  readonly databaseUrl: string;
  /** The users whose credentials the load uses; they exist in table `users` (id uuid). */
  readonly userIds: readonly string[];
  /** One more user, whose credential is made and then revoked. */
  readonly revokedUserId: string;
}

export interface RunningVariant {
  /** Like http://127.0.0.1:4242. */
  readonly url: string;
  /**
   * One for each of userIds, in order. The route is GET /me and answers {"id":"<user id>"}
   * ({"id":"anyone"} for the open route).
   */
  readonly credentials: readonly Credential[];
  /** Made, then revoked the way this variant revokes. */
  readonly revoked: Credential;
  /** With a bad signature. */
  readonly forged: Credential;
  /** For the variants of the series `refresh`: starts sessions for the load to refresh, spread over the users. */
  startSessions?(wanted: WantedSessions): Promise<RefreshRoute>;
  /** What the route of `startSessions` does, without HTTP: the token that comes next. */
  readonly refresh?: (token: string) => Promise<string>;
  close(): Promise<void>;
}

export interface WantedSessions {
  /** Where each is refreshed once between two measurements; otherwise there may be fewer. */
  readonly count: number;
  /** What tells them from others in the table. */
  readonly label: string;
}

/** How a client refreshes. */
export interface RefreshRoute {
  /** Of the route, which takes POST. */
  readonly path: string;
  /** Of each session. A token is sent in the body as `refresh_token`, and its successor comes by the same name. */
  readonly credentials: readonly (string | Credential)[];
}

/** Where the code of a variant is when it is not in the bench's own folder. */
export interface VariantCode {
  /** The file that its server runs. */
  readonly server: string;
  /** The name that the variant has there. */
  readonly variant: string;
  /** The file that exports its migration. */
  readonly schema: string;
}

export interface SessionTable {
  /** The file that exports its migration. */
  readonly schema: string;
  /** How many rows the table has before the sessions of the load are started. */
  readonly rows: number;
}

export interface Variant {
  readonly name: string;
  readonly title: string;
  readonly platforms: readonly Platform[];
  /** What `revoked` must get: 401, or 200 where the variant cannot revoke at once. */
  readonly revokedStatus: 200 | 401;
  /** What `forged` must get: 401, or 200 for the open route. */
  readonly forgedStatus: 200 | 401;
  /** Where it keeps sessions in the library's table. */
  readonly sessions?: SessionTable;
  /** For a library of another commit. */
  readonly code?: VariantCode;
  start(context: VariantContext): Promise<RunningVariant>;
}

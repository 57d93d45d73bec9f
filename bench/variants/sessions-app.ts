import type { DynamicModule } from '@nestjs/common';
import { type StartedTokens, TokenSessions } from 'nestjs-token-invalidation';
import { User } from '../user.entity.js';
import { findUsers } from './find-users.js';
import { forge } from './forge.js';
import { inGroups } from './in-groups.js';
import { bearer } from './jwt.js';
import { MeController } from './library-app.js';
import { startUsersApp } from './users-app.js';
import type { RunningVariant, VariantContext, WantedSessions } from './variant.js';

/** How many logins run at once: more would wait for a connection. */
const LOGINS = 16;

/** The application of the library with sessions, one for each caller. */
export async function startWithSessions(
  context: VariantContext,
  module: DynamicModule,
): Promise<RunningVariant> {
  const parts = { imports: [module], controllers: [MeController] };
  const { app, url } = await startUsersApp(context, User, parts);
  const sessions = app.get<TokenSessions<User>>(TokenSessions);
  const users = await findUsers(app, User, context);
  const [revoked, ...started] = await Promise.all(users.map((user) => sessions.start(user)));
  await sessions.end(revoked!.session.id, { of: context.revokedUserId });
  const credentials = started.map(({ accessToken }) => bearer(accessToken));
  return {
    url,
    credentials,
    revoked: bearer(revoked!.accessToken),
    forged: forge(credentials[0]!),
    async startSessions({ count, label }: WantedSessions) {
      const owners = inTurn(users.slice(1), count);
      const tokens = await logIn(owners, (owner) => sessions.start(owner, { label }));
      return { path: '/auth/refresh', credentials: tokens };
    },
    refresh: (token) => nextToken(sessions, token),
    close: () => app.close(),
  };
}

async function nextToken(sessions: TokenSessions<User>, token: string): Promise<string> {
  const refreshed = await sessions.refresh(token);
  if (refreshed.accepted && refreshed.refreshToken !== undefined) return refreshed.refreshToken;
  throw new Error(`Expected a refresh token, got ${JSON.stringify(refreshed)}`);
}

/** This many users, over and over in their order. */
function inTurn(users: readonly User[], count: number): User[] {
  return Array.from({ length: count }, (_, n) => users[n % users.length]!);
}

/** The refresh tokens of these users' new sessions. */
async function logIn(
  users: readonly User[],
  start: (user: User) => Promise<StartedTokens>,
): Promise<string[]> {
  const tokens: string[] = [];
  for (const group of inGroups(users, LOGINS)) {
    const started = await Promise.all(group.map(start));
    tokens.push(...started.map(({ refreshToken }) => refreshToken));
  }
  return tokens;
}

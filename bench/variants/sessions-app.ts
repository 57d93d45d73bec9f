import type { DynamicModule } from '@nestjs/common';
import { type StartedTokens, TokenSessions } from 'nestjs-token-invalidation';
import { DataSource, In } from 'typeorm';
import { User } from '../user.entity.js';
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
  const ids = [context.revokedUserId, ...context.userIds];
  const found = await app
    .get(DataSource)
    .getRepository(User)
    .findBy({ id: In(ids) });
  const users = new Map(found.map((user) => [user.id, user]));
  const start = (id: string, label?: string) => sessions.start(users.get(id)!, { label });
  const [revoked, ...started] = await Promise.all(ids.map((id) => start(id)));
  await sessions.end(revoked!.session.id, { of: context.revokedUserId });
  const credentials = started.map(({ accessToken }) => bearer(accessToken));
  return {
    url,
    credentials,
    revoked: bearer(revoked!.accessToken),
    forged: forge(credentials[0]!),
    async startSessions({ count, label }: WantedSessions) {
      const tokens = await logIn(inTurn(context.userIds, count), (id) => start(id, label));
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

/** So many ids, over and over in their order. */
function inTurn(ids: readonly string[], count: number): string[] {
  return Array.from({ length: count }, (_, n) => ids[n % ids.length]!);
}

/** The refresh tokens of these users' new sessions. */
async function logIn(
  ids: readonly string[],
  start: (id: string) => Promise<StartedTokens>,
): Promise<string[]> {
  const tokens: string[] = [];
  for (const group of inGroups(ids, LOGINS)) {
    const started = await Promise.all(group.map(start));
    tokens.push(...started.map(({ refreshToken }) => refreshToken));
  }
  return tokens;
}

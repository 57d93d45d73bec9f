import { moduleWithSessions } from '../library/sessions.js';
import { User } from '../user.entity.js';
import { librarySessions } from './library-sessions.variant.js';
import { startWithSessions } from './sessions-app.js';
import type { Variant } from './variant.js';

/** The same with the endpoint where sessions are refreshed. */
export const libraryRefresh: Variant = {
  ...librarySessions,
  name: 'library-refresh',
  title: 'nestjs-token-invalidation with sessions and their endpoints',
  start: (context) =>
    startWithSessions(
      context,
      moduleWithSessions(User, { endpoints: { path: 'auth', sessions: true } }),
    ),
};

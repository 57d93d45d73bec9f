import { join } from 'node:path';
import { moduleWithSessions } from '../library/sessions.js';
import { User } from '../user.entity.js';
import { startWithSessions } from './sessions-app.js';
import { PLATFORMS, type Variant } from './variant.js';

/**
 * This library with a session for each login: a token is good while its session is. It has no endpoints: Express tries an
 * application's routes one after the other, so the application it is compared with must have as many.
 */
export const librarySessions: Variant = {
  name: 'library-sessions',
  title: 'nestjs-token-invalidation with sessions',
  platforms: PLATFORMS,
  revokedStatus: 401,
  forgedStatus: 401,
  sessions: { schema: join(import.meta.dirname, '../library/sessions.js'), rows: 100_000 },
  start: (context) => startWithSessions(context, moduleWithSessions(User)),
};

import { join } from 'node:path';
import { moduleWithSessions } from '../library/sessions.js';
import { User } from '../user.entity.js';
import { startWithSessions } from './sessions-app.js';
import { PLATFORMS, type Variant } from './variant.js';

/**
 * This library with a session for each login: a token is good while its session is. Without the endpoints: Express asks
 * each of an application's routes in turn, and what the check costs is compared with an application that has as many.
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

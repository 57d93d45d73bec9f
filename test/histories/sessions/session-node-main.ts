import { setTimeout } from 'node:timers/promises';
import { createApp } from '../../support/create-app.js';
import { NODE_SETTINGS, ProtectedController } from '../history.controller.js';
import type { NodeSettings } from '../node-settings.js';
import { survivePoolErrors } from '../survive-pool-errors.js';
import { SessionHistoryController } from './session-history.controller.js';
import { ABSOLUTE, ACCESS_LIFE, GRACE, IDLE, MOST_SESSIONS } from './session-times.js';
import { LapsingClock } from './time-lapse.js';

/** What the application may take to think of its claims. */
const THINKING_MS = 25;
const FORGOTTEN_MS = 1000;

const settings = JSON.parse(process.env['NODE_SETTINGS']!) as NodeSettings;
const app = await createApp({
  url: settings.url,
  platform: 'fastify',
  clock: new LapsingClock(settings.lapseStart!, settings.clockOffsetSeconds),
  controllers: [SessionHistoryController, ProtectedController],
  providers: [{ provide: NODE_SETTINGS, useValue: settings }],
  typeorm: {
    applicationName: settings.applicationName,
    poolErrorHandler: () => {},
    // What the application forgets is over soon.
    extra: { idle_in_transaction_session_timeout: FORGOTTEN_MS },
  },
  module: {
    expiresIn: `${ACCESS_LIFE}s`,
    sessions: {
      absolute: `${ABSOLUTE}s`,
      idle: `${IDLE}s`,
      grace: `${GRACE}s`,
      maxSessions: MOST_SESSIONS,
      claims: think,
    },
    endpoints: { path: 'auth', logoutEverywhere: true, sessions: true },
  },
});
survivePoolErrors(app);
process.once('disconnect', () => void app.close());
process.send!(app.url);

/** Now and then, so that a refresh is under way while other things happen. */
async function think(): Promise<Record<string, never>> {
  if (Math.random() < 0.2) await setTimeout(THINKING_MS * Math.random());
  return {};
}

import { type TestApp, createApp } from '../support/create-app.js';
import { OffsetClock } from '../support/offset-clock.js';
import { faultyStore } from './faulty-store.js';
import { HistoryController, NODE_SETTINGS, ProtectedController } from './history.controller.js';
import type { NodeSettings } from './node-settings.js';
import { survivePoolErrors } from './survive-pool-errors.js';

const FORGOTTEN_MS = 1000;
/** Beyond the end of any history. */
const NEVER = new Date('2100-01-01');

const settings = JSON.parse(process.env['NODE_SETTINGS']!) as NodeSettings;
const store = faultyStore(settings.fault);
const app = await createApp({
  url: settings.url,
  platform: 'fastify',
  clock: new OffsetClock(settings.clockOffsetSeconds),
  controllers: [HistoryController, ProtectedController],
  providers: [{ provide: NODE_SETTINGS, useValue: settings }],
  typeorm: {
    applicationName: settings.applicationName,
    poolErrorHandler: () => {},
    // What the application forgets is over soon.
    extra: { idle_in_transaction_session_timeout: FORGOTTEN_MS },
  },
  store: { checkSchema: settings.fault === undefined },
  module: {
    expiresIn: '2h',
    ...(settings.legacy && { legacyUntil: NEVER }),
    ...(store && { store }),
  },
});
survivePoolErrors(app);
if (settings.fault === 'check-dropped') dropCheck(app);
process.once('disconnect', () => void app.close());
process.send!(app.url);

/** Accepts every token of ours, as a guard without revocation does. */
function dropCheck({ verifier, users }: TestApp): void {
  verifier.verify = async (token) => {
    const payload = Buffer.from(token!.split('.')[1]!, 'base64url').toString();
    const claims = JSON.parse(payload) as { sub: string; iat: number; exp: number };
    return { accepted: true, user: await users.findOneByOrFail({ id: claims.sub }), claims };
  };
}

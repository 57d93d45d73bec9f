import { createApp } from './create-app.js';

import type { NodeSettings } from './node-process.js';
import { OffsetClock } from './offset-clock.js';

const settings = JSON.parse(process.env['NODE_SETTINGS']!) as NodeSettings;
const app = await createApp({
  url: settings.url,
  clock: new OffsetClock(settings.clockOffsetSeconds ?? 0),
});
process.once('disconnect', () => void app.close());
process.send!(app.url);

import { createSessionApp, type SessionAppSettings } from './session-app.js';

const app = await createSessionApp(JSON.parse(process.env['NODE_SETTINGS']!) as SessionAppSettings);
process.once('disconnect', () => void app.close());
process.send!(app.url);

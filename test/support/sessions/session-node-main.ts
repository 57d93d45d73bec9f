import { createLayerSessionApp, createSessionApp } from './session-app.js';
import type { NodeOfSessions } from './session-nodes.js';

const { layer, ...settings } = JSON.parse(process.env['NODE_SETTINGS']!) as NodeOfSessions;
const app = await (layer === undefined
  ? createSessionApp(settings)
  : createLayerSessionApp(layer, settings));
process.once('disconnect', () => void app.close());
process.send!(app.url);

import { describe, request, succeeded } from './api.js';
import { byId } from './dom.js';
import { Events } from './events.js';
import { RowPanel } from './row-panel.js';
import { Stage } from './stage.js';

const opening = await request('POST', '/stage/visitors');
if (succeeded(opening)) {
  const { visitor, administrator, databaseCanBeStopped } = opening.body;
  const stage = new Stage(new Events(visitor, administrator), new RowPanel(visitor.id));
  await stage.open(databaseCanBeStopped);
} else {
  byId('nodes-note').textContent =
    `The page cannot start: ${describe(opening)}. Reload it when the database is back.`;
}

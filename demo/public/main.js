import { describe, request, succeeded } from './api.js';
import { Events } from './events.js';
import { Stage } from './stage.js';
import { byId, element } from './dom.js';

const opening = await request('POST', '/stage/visitors');
if (succeeded(opening)) {
  const { visitor, administrator, databaseCanBeStopped } = opening.body;
  const stage = new Stage(new Events(visitor, administrator), { databaseCanBeStopped });
  await stage.open();
} else {
  const text = `The page cannot start: ${describe(opening)}. Reload it when the database is back.`;
  byId('latest').replaceChildren(element('p', text));
}

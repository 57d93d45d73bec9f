import { Load } from './load.js';
import type { OpenLoad, RunLoad } from './messages.js';

process.once('disconnect', () => process.exit());

const load = new Load();
process.on('message', (order: OpenLoad | RunLoad) => void carryOut(order));

async function carryOut(order: OpenLoad | RunLoad): Promise<void> {
  if ('url' in order) await load.open(order);
  process.send?.(await load.run('url' in order ? order.warmUpSeconds : order.seconds));
}

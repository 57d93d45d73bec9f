import { once } from 'node:events';
import { loadVariant } from '../variants/load-variant.js';
import type { RefreshRoute, RunningVariant } from '../variants/variant.js';
import { DirectLoad } from './direct-load.js';
import type {
  ServerQuestion,
  ServerStarted,
  StartServer,
  StartSessions,
  Usage,
} from './messages.js';
import { StatementCount } from './statement-count.js';

const MEGABYTE = 1024 * 1024;

// Without the runner there is nobody to stop it. Through `exit`, so that a profile is written.
process.once('disconnect', () => process.exit());

const statements = new StatementCount();
let directLoad: DirectLoad | undefined;
const [start] = (await once(process, 'message')) as [StartServer];
const variant = await loadVariant(start.variant);
const running = await variant.start(start.context);
process.on('message', (question: ServerQuestion) => void answer(question, running));
const { url, credentials, revoked, forged } = running;
process.send?.({ url, credentials, revoked, forged } satisfies ServerStarted);

async function answer(question: ServerQuestion, server: RunningVariant): Promise<void> {
  if (question === 'stop') {
    await server.close();
    process.disconnect?.();
    return;
  }
  if (typeof question === 'object') {
    process.send?.(
      'sessions' in question
        ? await startSessions(question, server)
        : await directLoad!.run(question),
    );
    return;
  }
  if (question === 'usage-after-gc') globalThis.gc?.();
  process.send?.(usage());
}

async function startSessions(
  { sessions }: StartSessions,
  server: RunningVariant,
): Promise<RefreshRoute> {
  const route = await server.startSessions!(sessions);
  const { refresh } = server;
  directLoad = refresh && new DirectLoad([...route.credentials] as string[], refresh);
  return route;
}

function usage(): Usage {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  return {
    cpuMicroseconds: user + system,
    statements: statements.total,
    rssMegabytes: rss / MEGABYTE,
    heapMegabytes: heapUsed / MEGABYTE,
  };
}

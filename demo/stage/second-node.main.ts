import { once } from 'node:events';
import type { AppSettings } from '../app.module.js';
import { createApp } from '../create-app.js';
import { HOST } from '../listen.js';

// A terminal sends its signals to this process too. It ends when the first one does, or lets go of it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
const released = once(process, 'disconnect');

const [settings] = (await once(process, 'message')) as [AppSettings];
const app = await createApp(settings);
await app.listen(0, HOST);
app.useLogger(['log', 'warn', 'error', 'fatal']);
if (process.connected) process.send?.(await app.getUrl());

await released;
await app.close();

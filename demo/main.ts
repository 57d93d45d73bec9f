import { Demo } from './demo.js';
import { readSettings } from './settings.js';
import { SetupError } from './setup-error.js';
import { walkthrough } from './walkthrough.js';

// Before the signals below can end it, so that a start that is interrupted ends in good order too.
const starting = start();

let stopping: Promise<void> | undefined;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  // More than once, because npm hands on a signal that the terminal has sent already.
  process.on(signal, () => {
    stopping ??= stop();
  });
}

const { url } = await starting;
console.log(`
Open ${url} and watch tokens being refused. Or paste these lines into another terminal, in this order:

${walkthrough(url).join('\n')}

Ctrl+C stops the demo and removes its database. Below, what happens to tokens:
`);

function start(): ReturnType<typeof Demo.start> {
  // In a promise, since reading the settings may fail too.
  return Promise.resolve(process.env)
    .then(readSettings)
    .then((settings) => Demo.start(settings))
    .catch(fail);
}

function fail(error: unknown): never {
  // What can be put right needs no stack.
  console.error(error instanceof SetupError ? error.message : error);
  process.exit(1);
}

async function stop(): Promise<void> {
  try {
    const { demo } = await starting;
    await demo.stop();
  } catch (error) {
    console.error(error);
    process.exitCode = 1;
  }
  process.exit();
}

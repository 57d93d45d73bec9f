import { constants } from 'node:os';

const SIGNALS: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const OURS = Symbol.for('embedded-postgres.process-end');

/**
 * Calls `cleanUp` when the process ends: by `process.exit()`, with nothing left to do, by an uncaught error, by a
 * signal. The function returned takes the listeners away again.
 */
export function onProcessEnd(cleanUp: () => void): () => void {
  const onSignal = Object.assign(
    (signal: NodeJS.Signals) => {
      // An application that handles the signal still needs its database to close in good order. It ends the process
      // when it is done: by exiting, or, as Nest does, by sending the signal again once it no longer listens.
      if (process.listeners(signal).some((listener) => !(OURS in listener))) return;
      release();
      cleanUp();
      if (process.listenerCount(signal) === 0) endBy(signal);
    },
    { [OURS]: true },
  );
  const release = () => {
    process.off('exit', cleanUp);
    for (const signal of SIGNALS) process.off(signal, onSignal);
  };
  process.on('exit', cleanUp);
  // First, because a listener added with `once` is no longer to be seen after its turn.
  for (const signal of SIGNALS) process.prependListener(signal, onSignal);
  return release;
}

function endBy(signal: NodeJS.Signals): void {
  // For the first process of a container a signal has no default effect.
  if (process.pid === 1) process.exit(128 + constants.signals[signal]);
  process.kill(process.pid, signal);
}

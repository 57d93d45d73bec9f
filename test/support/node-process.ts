import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { TestClient } from './test-client.js';

/** Below the time limit of a hook, which would not say what is wrong. */
const ENDS_WITHIN_MS = 60_000;

/** The settings of a node. */
export interface NodeSettings {
  readonly url: string;
  /** How far its clock is ahead of the machine's; negative: behind. */
  readonly clockOffsetSeconds?: number;
}

/** An application in a separate process. */
export class NodeProcess extends TestClient {
  constructor(
    url: string,
    readonly stop: () => Promise<void>,
    /** As a crash ends it. */
    readonly kill: () => Promise<void>,
  ) {
    super(url);
  }
}

/**
 * Starts an application as another node would be: another process, another pool, another clock.
 *
 * @param program - what the process runs, relative to this folder
 */
export async function startNode(
  settings: NodeSettings,
  program = 'node-main.ts',
): Promise<NodeProcess> {
  const script = fileURLToPath(new URL('run-typescript.mjs', import.meta.url));
  const main = fileURLToPath(new URL(program, import.meta.url));
  const child = fork(script, [main], {
    env: { ...process.env, NODE_SETTINGS: JSON.stringify(settings) },
  });
  const exited = once(child, 'exit');
  const [first] = (await Promise.race([once(child, 'message'), exited])) as [unknown];
  if (typeof first !== 'string') throw new Error(`The node ended with ${String(first)}`);
  const stop = async () => {
    const late = setTimeout(() => child.kill('SIGKILL'), ENDS_WITHIN_MS);
    child.disconnect();
    const [, signal] = (await exited) as [number | null, string | null];
    clearTimeout(late);
    if (signal !== null) throw new Error('Something keeps the node alive after app.close()');
  };
  const kill = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  return new NodeProcess(first, stop, kill);
}

import { afterAll, beforeAll } from 'vitest';
import { type NodesOfSessions, SessionNodes } from './session-nodes.js';

/** Two nodes over a database with sessions, for the tests of a file: `nodes()` is them. */
export function useNodes(settings: NodesOfSessions = {}): () => SessionNodes {
  let nodes: SessionNodes | undefined;

  // Processes take long to start on a busy machine.
  beforeAll(async () => {
    nodes = await SessionNodes.start(settings);
  }, 180_000);

  afterAll(() => nodes?.stop());

  return () => nodes!;
}

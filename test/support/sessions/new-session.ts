import { createHash, randomBytes } from 'node:crypto';
import { newSessionId } from '../../../src/sessions/session-id.js';
import type { NewSession } from '../../../src/state/session.store.js';

/** A session to start, with the secret that its refresh token would carry. */
export function newSession(more: Partial<NewSession> = {}): NewSession {
  return {
    id: newSessionId(Date.now()),
    secretHash: createHash('sha256').update(randomBytes(16)).digest(),
    label: null,
    userAgent: null,
    from: null,
    ...more,
  };
}

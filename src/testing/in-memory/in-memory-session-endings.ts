import type {
  EndedSessions,
  Ending,
  OtherSessions,
  SessionTarget,
} from '../../state/session.store.js';
import type { InMemoryRows } from './in-memory-rows.js';
import { hexOf, type InMemorySession } from './in-memory-session.js';
import { isLive, later } from './in-memory-session-life.js';

type Rows = InMemoryRows<unknown>;

/** How sessions end, and when. */
interface EndingNow {
  readonly ending: Ending;
  readonly now: Date;
}

export function endSession(
  session: InMemorySession,
  { reason, retentionSeconds }: Ending,
  now: Date,
): void {
  session.endedAt = now;
  session.endedReason = reason;
  const gone = later(now, retentionSeconds);
  if (gone < session.expiresAt) session.expiresAt = gone;
}

/** Ends a session, where it is known as the target says. */
export function endTarget(
  rows: Rows,
  { sessionId, of }: SessionTarget,
  ending: EndingNow,
): EndedSessions {
  const isKnown = (session: InMemorySession) =>
    'secretHash' in of
      ? session.secretHash === hexOf(of.secretHash)
      : session.subject === of.subject;
  return endAll(rows, (session) => session.id === sessionId && isKnown(session), ending);
}

/** Ends the live sessions of a user but one. */
export function endOthers(
  rows: Rows,
  { subject, except }: OtherSessions,
  ending: EndingNow,
): EndedSessions {
  const isOther = (session: InMemorySession) =>
    session.subject === subject && session.id !== except && isLive(session, ending.now);
  return endAll(rows, isOther, ending);
}

function endAll(
  { sessions }: Rows,
  isMeant: (session: InMemorySession) => boolean,
  { ending, now }: EndingNow,
): EndedSessions {
  const meant = [...sessions.values()].filter(
    (session) => session.endedAt === null && isMeant(session),
  );
  for (const session of meant) endSession(session, ending, now);
  return { ids: meant.map(({ id }) => id), subject: meant[0]?.subject };
}

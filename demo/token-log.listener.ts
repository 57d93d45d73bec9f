import { Injectable, Logger } from '@nestjs/common';
import {
  type InvalidationEvent,
  type RefusalEvent,
  type SessionEvent,
  TokenEventListener,
} from 'nestjs-token-invalidation';

/** How many refused tokens are remembered. */
const MAX_REMEMBERED = 1000;

/** Writes to the log which tokens were invalidated and which refused, and what becomes of sessions. */
@Injectable()
export class TokenLog extends TokenEventListener {
  private readonly logger = new Logger('Tokens');
  private readonly logged = new Set<string>();

  override invalidated({ reason, subject, version, note }: InvalidationEvent): void {
    const whose = subject === null ? 'everyone' : `user ${subject}, now at version ${version}`;
    this.logger.log(`Invalidated: ${whose} (${note ?? reason})`);
  }

  override refused({ reason, subject, jti, detail }: RefusalEvent): void {
    if (jti !== undefined && !this.isNews(`${jti} ${reason}`)) return;
    const whose = subject === undefined ? '' : ` of user ${subject}`;
    this.logger.log(`Refused a request${whose}: ${reason}${detail ? ` (${detail})` : ''}`);
  }

  override session(event: SessionEvent): void {
    const which = `session ${event.sessionId.slice(0, 8)} of user ${event.subject}`;
    if (event.kind === 'ended') this.logger.log(`Ended: ${which} (${event.reason})`);
    if (event.kind === 'refreshed' && event.rotated) {
      this.logger.log(`Refreshed: ${which}, now at generation ${event.generation}`);
    }
    if (event.kind === 'refresh_reused') {
      this.logger.warn(`Two parties hold the refresh token of ${which}`);
    }
  }

  /** A client that keeps sending a refused token must not fill the log. */
  private isNews(refusal: string): boolean {
    if (this.logged.has(refusal)) return false;
    if (this.logged.size >= MAX_REMEMBERED) this.logged.clear();
    this.logged.add(refusal);
    return true;
  }
}

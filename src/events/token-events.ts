import { Logger } from '@nestjs/common';
import { FOREIGN_TOKEN } from '../rule/refusal.js';
import type {
  InvalidationEvent,
  RefusalEvent,
  TokenEventListener,
} from './token-event.listener.js';

/** Tells the application's listener. A listener that fails must not change the answer that it is told about. */
export class TokenEvents {
  private readonly logger = new Logger('TokenInvalidation');
  private hinted = false;

  constructor(private readonly listener: TokenEventListener) {}

  invalidated(event: InvalidationEvent): void {
    this.tell('invalidated', () => this.listener.invalidated(event));
  }

  refused(event: RefusalEvent): void {
    this.hint(event);
    this.tell('refused', () => this.listener.refused(event));
  }

  /** Whoever signs with a JwtService of their own should not have to look for the reason. Once: anyone can send tokens. */
  private hint({ detail }: RefusalEvent): void {
    if (this.hinted || detail?.endsWith(FOREIGN_TOKEN) !== true) return;
    this.hinted = true;
    this.logger.warn(
      `A token was refused: ${detail} Issue tokens with TokenIssuer.issue(user); to accept those from before for a while, set legacyUntil. (Said once; a TokenEventListener hears of all.)`,
    );
  }

  private tell(what: string, call: () => unknown): void {
    const failed = (error: unknown) =>
      this.logger.error(`TokenEventListener.${what}() failed`, error);
    try {
      // An override may be async all the same, and its rejection would end the process.
      const told = call();
      if (told instanceof Promise) told.catch(failed);
    } catch (error) {
      failed(error);
    }
  }
}

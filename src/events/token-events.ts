import { Logger } from '@nestjs/common';
import type {
  InvalidationEvent,
  RefusalEvent,
  TokenEventListener,
} from './token-event.listener.js';

/** Tells the application's listener. A listener that fails must not change the answer that it is told about. */
export class TokenEvents {
  private readonly logger = new Logger('TokenInvalidation');

  constructor(private readonly listener: TokenEventListener) {}

  invalidated(event: InvalidationEvent): void {
    this.tell('invalidated', () => this.listener.invalidated(event));
  }

  refused(event: RefusalEvent): void {
    this.tell('refused', () => this.listener.refused(event));
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

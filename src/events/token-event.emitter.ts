import { Logger } from '@nestjs/common';
import type { TokenClaims } from '../rule/claims.js';
import type { Refusal } from '../rule/refusal.js';
import type { SessionEvent } from './session-event.js';
import type {
  InvalidationEvent,
  RevocationEvent,
  TokenEventListener,
} from './token-event.listener.js';

/** Passes events on to its subscribers. One that fails changes neither the answer nor what the others get. */
export class TokenEventEmitter {
  private readonly logger = new Logger('TokenInvalidation');
  private readonly listeners = new Set<TokenEventListener>();
  private hinted = false;

  /** @returns a function that unsubscribes */
  subscribe(listener: TokenEventListener): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** @param committed - resolves to whether the event happened; not called when nobody has subscribed. Absent: it has */
  emitInvalidation(event: InvalidationEvent, committed?: () => Promise<boolean>): void {
    const emit = () => this.emit('invalidated', (listener) => listener.invalidated(event));
    this.onceCommitted(emit, committed);
  }

  /** @param committed - as of `emitInvalidation` */
  emitSession(event: SessionEvent, committed?: () => Promise<boolean>): void {
    const emit = () => this.emit('session', (listener) => listener.session?.(event));
    this.onceCommitted(emit, committed);
  }

  /** @param committed - as of `emitInvalidation` */
  emitRevocation(event: RevocationEvent, committed?: () => Promise<boolean>): void {
    const emit = () => this.emit('revoked', (listener) => listener.revoked?.(event));
    this.onceCommitted(emit, committed);
  }

  private onceCommitted(emit: () => void, committed: (() => Promise<boolean>) | undefined): void {
    if (committed === undefined) return emit();
    if (this.listeners.size === 0) return;
    committed()
      .then((happened) => happened && emit())
      .catch((error: unknown) =>
        this.logger.error('Whether a write was committed is not known: no event', error),
      );
  }

  /** @param claims - of the refused token, when it was verified */
  emitRefusal(refused: Refusal, claims?: Partial<TokenClaims> & Pick<TokenClaims, 'sub'>): void {
    this.explainOnce(refused);
    const { reason, detail } = refused;
    this.emit('refused', (listener) =>
      listener.refused({
        reason,
        ...(detail !== undefined && { detail }),
        ...(claims !== undefined && { subject: claims.sub }),
        ...(typeof claims?.jti === 'string' && { jti: claims.jti }),
      }),
    );
  }

  /** Tells developers who still sign with `JwtService` why tokens fail. Logged once, because anyone can trigger it. */
  private explainOnce({ hint, detail }: Refusal): void {
    if (this.hinted || hint !== 'not_issued_here') return;
    this.hinted = true;
    this.logger.warn(
      `A token was refused: ${detail}: was it signed by TokenIssuer? Issue tokens with TokenIssuer.issue(user). To accept older ones for a while, set legacyUntil. (Logged once; a TokenEventListener gets every refusal.)`,
    );
  }

  private emit(
    name: keyof TokenEventListener,
    call: (listener: TokenEventListener) => unknown,
  ): void {
    const logFailure = (error: unknown) =>
      this.logger.error(`TokenEventListener.${name}() failed`, error);
    for (const listener of this.listeners) {
      try {
        // An override may still be async, and its rejection would end the process.
        const result = call(listener);
        if (result instanceof Promise) result.catch(logFailure);
      } catch (error) {
        logFailure(error);
      }
    }
  }
}

import type { Provider } from '@nestjs/common';
import { TokenEventEmitter } from './events/token-event.emitter.js';
import { Refresher } from './sessions/refresher.js';
import type { ResolvedSessions } from './sessions/resolve-sessions.js';
import { SessionReports } from './sessions/session-reports.js';
import { SessionStarter } from './sessions/session-starter.js';
import { SessionTokenWriter } from './sessions/session-tokens.js';
import { SessionUpkeep } from './sessions/session-upkeep.js';
import { type SessionParts, TokenSessions } from './sessions/token-sessions.service.js';
import { TokenStateStore } from './state/token-state.store.js';
import type { Clock } from './tokens/clock.js';
import { TokenSigner } from './tokens/token-signer.js';
import type { ResolvedOptions } from './token-invalidation.resolved-options.js';
import { RESOLVED_OPTIONS, TOKEN_CLOCK } from './token-invalidation.tokens.js';

/** The sessions. Without the option their providers are there, and say what is missing when they are used. */
export function sessionProviders(): Provider[] {
  return [
    {
      provide: SessionUpkeep,
      inject: [RESOLVED_OPTIONS, TokenStateStore],
      // Revoked tokens alone need no upkeep, and their schema part comes without the table of the sessions.
      useFactory: ({ sessions }: ResolvedOptions, store: TokenStateStore) =>
        new SessionUpkeep(sessions && store.sessions),
    },
    {
      provide: TokenSessions,
      inject: [RESOLVED_OPTIONS, TokenStateStore, TOKEN_CLOCK, TokenEventEmitter, SessionUpkeep],
      useFactory: createSessions,
    },
  ];
}

function createSessions(
  options: ResolvedOptions,
  ...[store, clock, events, upkeep]: [TokenStateStore, Clock, TokenEventEmitter, SessionUpkeep]
): TokenSessions {
  const { sessions, revokedTokens, policy } = options;
  // The set-up was checked: with either option on, the store keeps sessions.
  const reports = new SessionReports(events, sessions?.address ?? false);
  const revoked = revokedTokens ? { store: store.sessions!, reports, ...policy } : undefined;
  if (sessions === undefined) return new TokenSessions(undefined, revoked);
  const signer = new TokenSigner({ ...options, store, clock });
  return new TokenSessions(
    sessionParts({ options, sessions, store, clock, reports, upkeep, signer }),
    revoked,
  );
}

interface Around {
  readonly options: ResolvedOptions;
  readonly sessions: ResolvedSessions;
  readonly store: TokenStateStore;
  readonly clock: Clock;
  readonly reports: SessionReports;
  readonly upkeep: SessionUpkeep;
  readonly signer: TokenSigner;
}

function sessionParts(around: Around): SessionParts<unknown, unknown> {
  const { options, sessions: settings, store: users, clock, reports, upkeep, signer } = around;
  const { refreshKeys } = settings;
  const store = users.sessions!;
  const { isActive } = options;
  const tokens = new SessionTokenWriter(signer, refreshKeys[0]!, { ...settings, isActive });
  const shared = { store, tokens, reports, settings };
  return {
    store,
    refreshKeys,
    reports,
    settings,
    upkeep,
    refresher: new Refresher(shared),
    starter: new SessionStarter({ ...shared, users, clock }),
  };
}

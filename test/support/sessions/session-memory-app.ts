import {
  type EndpointsOptions,
  type InvalidationEvent,
  type RefusalEvent,
  type RevocationEvent,
  type SessionEvent,
  TokenEventEmitter,
  TokenInvalidator,
  type TokenInvalidationModuleOptions,
  TokenSessions,
} from 'nestjs-token-invalidation';
import {
  FrozenClock,
  InMemoryTokenStateStore,
  type InMemoryUser,
} from 'nestjs-token-invalidation/testing';
import { MeController } from '../me.controller.js';
import { createMemoryApp, type MemoryApp, type MemoryAppOptions } from '../memory-app.js';
import type { Answer } from '../test-client.js';
import { SessionClient } from './session-client.js';

/** An application with sessions, whose store has the clock of the test. */
export class SessionMemoryApp extends SessionClient {
  readonly events: SessionEvent[] = [];
  readonly revocations: RevocationEvent[] = [];
  readonly invalidations: InvalidationEvent[] = [];
  readonly refusals: RefusalEvent[] = [];

  constructor(
    readonly app: MemoryApp,
    readonly clock: FrozenClock,
  ) {
    super(app.url);
    const events = app.app.get(TokenEventEmitter, { strict: false });
    events.subscribe({
      session: (event) => void this.events.push(event),
      revoked: (event) => void this.revocations.push(event),
      refused: (event) => void this.refusals.push(event),
      invalidated: (event) => void this.invalidations.push(event),
    });
  }

  get sessions(): TokenSessions<InMemoryUser> {
    return this.app.app.get(TokenSessions, { strict: false });
  }

  get invalidator(): TokenInvalidator {
    return this.app.app.get(TokenInvalidator, { strict: false });
  }

  /** A new user with one session. */
  async device(id: string = crypto.randomUUID(), persistent = false) {
    const user = this.app.store.find(id) ?? this.app.store.add({ id, passwordHash: 'hash' });
    const tokens = await this.sessions.start(user, { label: 'Phone', persistent });
    const { accessToken: access, refreshToken: refresh, session } = tokens;
    return { id, access, refresh, sid: session.id };
  }

  /** A token of that user without a session, as before there were any. */
  tokenWithoutSession(id: string): string {
    return this.app.issuer.issue(this.app.store.find(id)!);
  }

  advance(seconds: number): void {
    this.clock.advance(seconds);
  }

  me(access: string): Promise<200 | string> {
    return this.ask(access, '/me');
  }

  /** A form, as clients of OAuth send it. */
  async form(
    path: string,
    fields: Record<string, string> | [string, string][],
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const response = await fetch(this.url + path, {
      method: 'POST',
      body: new URLSearchParams(fields),
      headers,
    });
    const text = await response.text();
    const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
    return { status: response.status, headers: response.headers, body };
  }

  withCookie(method: string, path: string, cookie: string, token?: string): Promise<Answer> {
    return this.send(method, path, { headers: { cookie }, token });
  }
}

/** What `startSessions` takes, over its defaults. */
export interface SessionMemoryAppOptions extends Omit<MemoryAppOptions, 'module'> {
  endpoints?: Partial<EndpointsOptions>;
  module?: Partial<TokenInvalidationModuleOptions>;
}

/** An application with sessions in memory, all endpoints of sessions, and a guard for everything else. */
export async function startSessions({
  endpoints = {},
  module = {},
  ...more
}: SessionMemoryAppOptions = {}): Promise<SessionMemoryApp> {
  const clock = new FrozenClock();
  class Store extends InMemoryTokenStateStore {
    constructor() {
      super(clock);
    }
  }
  const app = await createMemoryApp({
    controllers: [MeController],
    ...more,
    module: {
      store: Store,
      clock,
      globalGuard: true,
      sessions: {
        absolute: '30 days',
        idle: '10 days',
      },
      endpoints: {
        path: 'auth',
        logoutEverywhere: true,
        sessions: true,
        ...endpoints,
      },
      ...module,
    },
  });
  return new SessionMemoryApp(app, clock);
}

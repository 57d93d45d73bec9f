import type { SessionEvent } from 'nestjs-token-invalidation';
import type { Answer } from '../test-client.js';
import { TestClient } from '../test-client.js';
import { PASSWORD } from '../users.js';

/** What a device holds. */
export interface Device {
  readonly access: string;
  readonly refresh: string;
  /** The id of its session. */
  readonly sid: string;
}

/** 200, or the status and the code of the refusal, with the refresh token that came. */
export interface RefreshAnswer extends Answer {
  readonly outcome: 200 | string;
  /** The new refresh token; `undefined`: there was none in the answer. */
  readonly refresh: string | undefined;
  /** The new access token. */
  readonly access: string;
}

/** Speaks HTTP to a node with sessions. */
export class SessionClient extends TestClient {
  async logIn(email: string, more: object = {}): Promise<Device> {
    const credentials = { email, password: PASSWORD, ...more };
    return deviceOf(await this.post('/device/login', undefined, credentials));
  }

  async refresh(
    refreshToken: string,
    headers: Record<string, string> = {},
  ): Promise<RefreshAnswer> {
    const json = { refresh_token: refreshToken };
    const answer = await this.send('POST', '/auth/refresh', { json, headers });
    const { access_token: access, refresh_token: refresh } = answer.body;
    return {
      ...answer,
      outcome: outcomeOf(answer),
      access: access as string,
      refresh: refresh as string | undefined,
    };
  }

  /** 200, or the code of the refusal, for an access token. */
  check(access: string): Promise<200 | string> {
    return this.ask(access, '/device/me');
  }

  logout(parts: { access?: string; refresh?: string }): Promise<Answer> {
    const { access, refresh } = parts;
    return this.post(
      '/auth/logout',
      access,
      refresh === undefined ? {} : { refresh_token: refresh },
    );
  }

  end(access: string, sid: string): Promise<Answer> {
    return this.send('DELETE', `/auth/sessions/${sid}`, { token: access });
  }

  async flush(): Promise<void> {
    await this.post('/device/flush');
  }

  /** What the node reported of a session. */
  async reportedOf(sid: string): Promise<readonly SessionEvent[]> {
    const { body } = await this.get(`/device/events/${sid}`);
    return body['events'] as SessionEvent[];
  }
}

export function outcomeOf({ status, body }: Answer): 200 | string {
  if (status === 200) return 200;
  const code = body['errorCode'];
  return code === undefined ? String(status) : `${status} ${code as string}`;
}

/** What a device stores of an answer with both tokens. */
export function deviceOf(answer: Answer): Device {
  const { access_token: access, refresh_token: refresh } = answer.body as Record<string, string>;
  if (answer.status !== 200 || access === undefined || refresh === undefined) {
    throw new Error(`The device got no tokens: ${answer.status} ${JSON.stringify(answer.body)}`);
  }
  return { access, refresh, sid: claimsOf(access)['sid'] as string };
}

export function claimsOf(token: string): Record<string, unknown> {
  const [, payload] = token.split('.');
  return JSON.parse(Buffer.from(payload!, 'base64url').toString()) as Record<string, unknown>;
}

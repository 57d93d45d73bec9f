import { type Login, type LoginStorage, memoryStorage } from './login-storage.js';
import type { TokenAnswer, TokenClientOptions } from './token-client.options.js';

/** A refresh has a new login, says that there is none, or has an answer that says neither: the server is busy. */
type Renewal = Login | undefined | Response;

/**
 * Sends requests with the access token, and refreshes it where it has expired or is refused: once for all calls that
 * wait. It takes no lock. Tabs may refresh at the same time, and a refresh may be repeated: the server answers all of
 * them.
 *
 * @example
 * ```ts
 * const client = new TokenClient({ url: '/auth', cookie: true, onGone: () => location.assign('/login') });
 * const orders = await client.fetch('/orders');
 * ```
 */
export class TokenClient {
  private readonly storage: LoginStorage;
  private readonly send: typeof fetch;
  private readonly now: () => number;
  /** The refreshes under way, by the access token that they replace. */
  private readonly renewals = new Map<string | undefined, Promise<Renewal>>();
  /** The server has refused the cookie, so there is none to try. */
  private gone = false;

  constructor(private readonly options: TokenClientOptions) {
    this.storage = options.storage ?? memoryStorage();
    this.send = options.fetch ?? ((...request) => fetch(...request));
    this.now = options.now ?? (() => Date.now());
  }

  /** Takes the answer to a login, or to anything that starts a session: in place of the one that was there. */
  async login(answer: TokenAnswer): Promise<void> {
    this.gone = false;
    await this.storage.write(this.loginOf(answer));
  }

  /** Forgets the login, and has the server end its session. Rejects as `fetch` does. */
  async logout(): Promise<Response> {
    const login = await this.storage.read();
    this.gone = true;
    await this.storage.write(undefined);
    return this.post('logout', login);
  }

  /**
   * Sends a request as `fetch` does. If the server cannot refresh at the moment, the caller gets its answer, such as
   * 503 with `Retry-After`, and the login is kept. So a 401 means what it says: there is no login, or not a recent one.
   */
  async fetch(...[input, init]: Parameters<typeof fetch>): Promise<Response> {
    const request = new Request(input, init);
    const login = await this.current();
    if (login instanceof Response) return login;
    // The body can be sent once.
    const { answer, isRefused } = await this.ask(request.clone(), login);
    if (!isRefused || login === undefined) return answer;
    const renewed = (await this.renew(login)) ?? answer;
    return renewed instanceof Response ? renewed : (await this.ask(request, renewed)).answer;
  }

  /** `isRefused` says that a new access token may help. */
  private async ask(
    request: Request,
    login: Login | undefined,
  ): Promise<{ answer: Response; isRefused: boolean }> {
    if (login !== undefined) request.headers.set('authorization', `Bearer ${login.accessToken}`);
    const answer = await this.send(request);
    const demand = demandIn(answer);
    if (demand) this.options.onLoginAgain?.(demand.maxAge);
    return { answer, isRefused: answer.status === 401 && !demand };
  }

  private async current(): Promise<Renewal> {
    const login = await this.storage.read();
    const { cookie = false } = this.options;
    const isDue = login ? (login.expiresAt ?? Infinity) <= this.now() : cookie && !this.gone;
    return isDue ? this.renew(login) : login;
  }

  /** @param refused - the login that no longer does */
  private async renew(refused: Login | undefined): Promise<Renewal> {
    const stored = await this.storage.read();
    const token = stored?.accessToken;
    // Another call or another tab was quicker, or the user has logged out.
    if (token !== refused?.accessToken) return stored;
    const underWay = this.renewals.get(token);
    const renewal = underWay ?? this.refresh(stored).finally(() => this.renewals.delete(token));
    this.renewals.set(token, renewal);
    return renewal;
  }

  private async refresh(sent: Login | undefined): Promise<Renewal> {
    const response = await this.post('refresh', sent);
    if (response.ok) {
      const answer = (await response.json()) as TokenAnswer;
      return this.replace(sent, this.loginOf(answer, sent));
    }
    if (response.status !== 401) return response;
    const { errorCode } = Object(await response.clone().json().catch(Object));
    // A 401 of something in between says nothing about the login.
    if (typeof errorCode !== 'string') return response;
    const login = await this.replace(sent, undefined);
    if (login !== undefined) return login;
    this.gone = true;
    this.options.onGone?.(errorCode);
    return undefined;
  }

  /** Late answers of tabs that were asleep must not replace what is newer. */
  private async replace(sent: Login | undefined, login: Login | undefined): Promise<Renewal> {
    const stored = await this.storage.read();
    if (stored?.accessToken !== sent?.accessToken || (!sent && this.gone)) return stored;
    await this.storage.write(login);
    return login;
  }

  private post(path: string, login: Login | undefined): Promise<Response> {
    const { url, cookie = false, timeout = 30_000 } = this.options;
    return this.send(`${url}/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ refresh_token: login?.refreshToken }),
      signal: AbortSignal.timeout(timeout),
      credentials: cookie ? 'include' : 'same-origin',
    });
  }

  private loginOf({ access_token, expires_in, refresh_token }: TokenAnswer, before?: Login): Login {
    if (typeof access_token !== 'string') throw new TypeError('The answer has no access_token');
    return {
      accessToken: access_token,
      expiresAt: expires_in === undefined ? undefined : this.now() + expires_in * 1000,
      refreshToken: refresh_token ?? before?.refreshToken,
    };
  }
}

/** What the answer demands: a more recent login, which no refresh gives (RFC 9470 section 3). */
function demandIn({ status, headers }: Response): { maxAge: number | undefined } | undefined {
  const challenge = headers.get('www-authenticate') ?? '';
  const isDemand = challenge.includes('error="insufficient_user_authentication"');
  if (status !== 401 || !isDemand) return undefined;
  const maxAge = /max_age="?(\d+)/.exec(challenge)?.[1];
  return { maxAge: maxAge === undefined ? undefined : Number(maxAge) };
}
